use super::*;

#[test]
fn the_ready_made_text_is_sound() {
    assert_eq!(check(include_str!("../listening_call.txt")), Ok(()));
}

#[test]
fn what_is_allowed_is_allowed() {
    let deep = format!("{}x{}", "{% if tenure %}".repeat(30), "{% endif %}".repeat(30));
    let wide = "{% if tenure %}x{% elif anniversary %}y{% endif %}".repeat(60);
    let brackets = format!("{{{{ {}tenure{} }}}}", "(".repeat(10), ")".repeat(10));
    let nots = format!("{{% if {}tenure %}}x{{% endif %}}", "not ".repeat(55));
    for text in [deep, wide, brackets, nots] {
        assert_eq!(on_a_small_stack(text.clone()), Ok(()), "{text}");
    }
    for text in [
        "Listen.",
        "{{ tenure or 'A while' }} with {{ services | words }}",
        "{% for n in good_news[:2] if n.source != '' %}{{ loop.index + 1 }} {{ n.title | upper }}{% else %}none{% endfor %}",
        "{% if services | length > 1 and not anniversary %}x{% elif contact.name == 'Bo' %}y{% else %}z{% endif %}",
        "{{ contact.first_name if contact.first_name else contact.name }}",
        "{# a {% set x %} in a comment #}{% raw %}{{ nothing }}{% endraw %}",
        "{% for q in open_questions %}{% for p in probes %}{{ q }}{% endfor %}{% endfor %}",
        "{% if 'Hosting' in services %}x{% endif %}",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, line, code, part) in [
        (
            "one\n{{ tenur }}",
            2,
            "unknown_field",
            "there are organization, program",
        ),
        (
            "{% if false %}\n\n{{ contact.nme }}{% endif %}",
            3,
            "unknown_field",
            "`contact.nme`; there are name, first_name",
        ),
        (
            "{% for n in good_news %}{{ n.titel }}{% endfor %}",
            1,
            "unknown_field",
            "`n.titel`",
        ),
        ("{{ tenure.days }}", 1, "unknown_field", "has no fields"),
        ("\n{{ services }}", 2, "wrong_type", "{{ services | words }}"),
        ("{{ good_news }}", 1, "wrong_type", "{% for"),
        ("{{ contact }}", 1, "wrong_type", "has fields: name"),
        ("{{ ask_recommendation }}", 1, "wrong_type", "{% if"),
        ("{% for x in tenure %}{% endfor %}", 1, "wrong_type", "no list"),
        ("{{ tenure + 1 }}", 1, "wrong_type", "no number"),
        ("{{ tenure ~ tenure }}", 1, "not_allowed", "Arithmetic"),
        ("{{ 'x' * 100000 }}", 1, "not_allowed", "Arithmetic"),
        ("{% set x = tenure %}{{ x }}", 1, "not_allowed", "`set`"),
        ("{{ range(9) }}", 1, "not_allowed", "`range(…)`"),
        ("{{ tenure.upper() }}", 1, "not_allowed", "call"),
        (
            "{% for x in [1, 2] %}{% endfor %}",
            1,
            "not_allowed",
            "list of one's own",
        ),
        ("{{ services[0] }}", 1, "not_allowed", "[:3]"),
        ("{{ tenure is defined }}", 1, "not_allowed", "`is defined`"),
        ("{{ tenure if tenure }}", 1, "not_allowed", "else"),
        ("{{ tenure | shout }}", 1, "unknown_filter", "words, length"),
        ("{{ tenure | words }}", 1, "wrong_type", "lists of texts"),
        ("one\n{{ tenure ", 2, "syntax", ""),
        ("{% if tenure %}x", 1, "syntax", ""),
        ("{% include 'x' %}", 1, "syntax", "include"),
        ("{% macro x() %}{% endmacro %}", 1, "syntax", "macro"),
        ("{% extends 'x' %}", 1, "syntax", "extends"),
    ] {
        let faults = check(text).unwrap_err();
        let fault = faults.first().unwrap();
        assert_eq!((fault.line, fault.code), (line, code), "{text}: {fault:?}");
        assert!(fault.says.contains(part), "{text}: {fault:?}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = check("{{ a }}\n{{ b }}\n{{ c.d }}").unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [1, 2, 3]);
}

/// On a stack as small as a worker's could be.
fn on_a_small_stack(text: String) -> Result<(), Vec<TextFault>> {
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || check(&text));
    thread.unwrap().join().unwrap()
}

#[test]
fn what_would_take_for_ever_is_refused_and_nothing_overflows() {
    let nested = |depth: usize| {
        format!(
            "{}x{}",
            "{% for p in probes %}".repeat(depth),
            "{% endfor %}".repeat(depth)
        )
    };
    let elifs = format!("{{% if tenure %}}{}{{% endif %}}", "{% elif tenure %}x".repeat(1100));
    for (text, code) in [
        (nested(8), "not_renderable"),
        (
            "{% for p in probes %}{% for q in probes %}{{ p }}{{ q }}{% endfor %}{% endfor %}".repeat(9),
            "not_renderable",
        ),
        (nested(50), "too_large"),
        (nested(400), "too_large"),
        (
            format!("{{% if tenure %}}{}{{% endif %}}", "{% elif tenure %}x".repeat(900)),
            "too_large",
        ),
        ("{% if tenure %}".repeat(900), "too_large"),
        (elifs, "too_large"),
        (
            format!("{{{{ {} }}}}", "tenure or ".repeat(1900) + "tenure"),
            "too_large",
        ),
        (
            format!("{{{{ {}tenure{} }}}}", "(".repeat(9000), ")".repeat(9000)),
            "too_large",
        ),
        (format!("{{{{ {}tenure }}}}", "not ".repeat(4900)), "too_large"),
        (format!("{{{{ tenure{} }}}}", " | upper".repeat(2400)), "too_large"),
        ("{{ tenure }}".repeat(1600), "too_large"),
    ] {
        let shown: String = text.chars().take(60).collect();
        let faults = on_a_small_stack(text).unwrap_err();
        assert_eq!(faults.first().unwrap().code, code, "{shown}: {faults:?}");
    }
}

proptest::proptest! {
    /// Whatever is written, it is told whether it is sound, and what is sound can be filled in.
    #[test]
    fn whatever_is_sound_can_be_filled_in(
        pieces in proptest::collection::vec(proptest::sample::select(&[
            "{{ ", " }}", "{% ", " %}", "if ", "else", "elif ", "endif", "for x in ", "endfor", "tenure", "services", "x", ".", "title",
            "good_news", " | words", " | length", "[:2]", " and ", " not ", "'", "1", " + ", "\n", "{#", "#}", "text",
        ][..]), 0..40),
    ) {
        let text: String = pieces.concat();
        if check(&text).is_ok() {
            proptest::prop_assert!(render(&text, &Fields::default()).is_ok());
            proptest::prop_assert!(render(&text, &fullest()).is_ok());
        }
    }
}
