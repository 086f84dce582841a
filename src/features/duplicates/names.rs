//! Names of companies, as they are compared: without legal forms, punctuation, case and accents.

use crate::fold;

/// Words that say what sort of company it is (ISO 20275 lists them by country); at a name's end they tell no two apart.
/// Dots are gone already: `S.A.` is `sa`.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bhd",
    "bv",
    "bvba",
    "ca",
    "co",
    "company",
    "corp",
    "corporation",
    "cv",
    "cvba",
    "dd",
    "doo",
    "ead",
    "eg",
    "eirl",
    "eireli",
    "ek",
    "eood",
    "ev",
    "gbr",
    "ggmbh",
    "gmbh",
    "hb",
    "inc",
    "incorporated",
    "jdoo",
    "kb",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "ky",
    "lda",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "me",
    "nv",
    "oao",
    "oe",
    "ohg",
    "ood",
    "ooo",
    "ou",
    "oy",
    "oyj",
    "pc",
    "plc",
    "pte",
    "pty",
    "pvt",
    "rl",
    "sa",
    "sab",
    "sae",
    "sapi",
    "sarl",
    "sas",
    "sasu",
    "sc",
    "scrl",
    "sdn",
    "se",
    "sia",
    "sl",
    "slu",
    "sp",
    "spa",
    "spj",
    "spk",
    "spzoo",
    "sprl",
    "sro",
    "srl",
    "tbk",
    "ug",
    "uab",
    "zao",
    "zoo",
    "zrt",
];
/// What stands between legal forms: `GmbH & Co. KG`, `S. de R.L. de C.V.`
const BETWEEN: &[&str] = &["and", "de", "et", "s", "und", "y", "z"];
/// What stands before a name and tells nothing.
const BEFORE: &[&str] = &[
    "ao", "oao", "ooo", "pao", "pt", "the", "zao", "ао", "зао", "оао", "ооо", "пао",
];
/// What `&` is written as.
const AND: &[&str] = &["and", "et", "och", "og", "und", "y"];

/// A company's name, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    words: Vec<String>,
}

impl Name {
    pub fn of(name: &str) -> Self {
        let all = initials(fold::words(name));
        let mut words = all.clone();
        let mut stripped = false;
        while words.len() > 1
            && let Some(last) = words.last()
            && (LEGAL_FORMS.contains(&last.as_str()) || (stripped && BETWEEN.contains(&last.as_str())))
        {
            words.pop();
            stripped = true;
        }
        while words.len() > 1 && words.first().is_some_and(|first| BEFORE.contains(&first.as_str())) {
            words.remove(0);
        }
        if words.len() > 2 {
            words.retain(|word| !AND.contains(&word.as_str()));
        }
        Self {
            words: if words.is_empty() { all } else { words },
        }
    }

    /// All of it in one word: `North Wind` is `Northwind`.
    pub fn joined(&self) -> String {
        self.words.concat()
    }

    /// The same whatever the order of its words.
    pub fn sorted(&self) -> String {
        let mut words = self.words.clone();
        words.sort_unstable();
        words.concat()
    }

    /// As it is shown: its words.
    pub fn shown(&self) -> String {
        self.words.join(" ")
    }

    /// The words that tell most: the two longest of four letters or more.
    pub fn telling(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        words.retain(|word| word.chars().count() >= 4);
        words.sort_by_key(|word| (std::cmp::Reverse(word.chars().count()), *word));
        words.dedup();
        words.truncate(2);
        words
    }

    /// Whether they are the same name, in whatever order and however the words are parted.
    pub fn same(&self, other: &Self) -> bool {
        !self.words.is_empty() && (self.joined() == other.joined() || self.sorted() == other.sorted())
    }

    /// Whether one is the other with more words: `Northwind Traders` and `Northwind Traders Berlin`.
    pub fn contains(&self, other: &Self) -> bool {
        let (short, long) = match self.words.len() <= other.words.len() {
            true => (self, other),
            false => (other, self),
        };
        let telling = short.words.len() > 1 || short.joined().chars().count() >= 7;
        telling && short.words.iter().all(|word| long.words.contains(word))
    }

    /// How alike they are, from 0 to 1: each word of the longer name by the Jaro–Winkler similarity to the one most like it
    /// in the other (Monge and Elkan 1996), or the names as a whole where these are nearly the same.
    pub fn likeness(&self, other: &Self) -> f64 {
        if self.words.is_empty() || other.words.is_empty() {
            return 0.0;
        }
        let whole = strsim::jaro_winkler(&self.joined(), &other.joined());
        let (short, long) = match self.words.len() <= other.words.len() {
            true => (self, other),
            false => (other, self),
        };
        let best = |word: &String| {
            let likeness = short.words.iter().map(|other| strsim::jaro_winkler(word, other));
            likeness.fold(0.0, f64::max)
        };
        #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
        let words = long.words.iter().map(best).sum::<f64>() / long.words.len() as f64;
        if whole >= 0.97 { words.max(whole) } else { words }
    }
}

/// Letters that stand alone belong together: `s a` is `sa`, `i b m` is `ibm`.
fn initials(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    let mut running = false;
    for word in words {
        let single = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        match joined.last_mut().filter(|_| running && single) {
            Some(last) => last.push_str(&word),
            None => joined.push(word),
        }
        running = single;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::Name;

    fn shown(name: &str) -> String {
        Name::of(name).shown()
    }

    #[test]
    fn legal_forms_punctuation_case_and_accents_do_not_matter() {
        for (name, bare) in [
            ("Alfreds Futterkiste GmbH & Co. KG", "alfreds futterkiste"),
            ("ALFREDS  Futterkiste", "alfreds futterkiste"),
            ("Königlich Essen e.V.", "koniglich essen"),
            ("Société Générale S.A.", "societe generale"),
            ("Comércio Mineiro Ltda.", "comercio mineiro"),
            ("Grupo Bimbo, S.A.B. de C.V.", "grupo bimbo"),
            ("Żabka Polska Sp. z o.o.", "zabka polska"),
            ("The Big Cheese, Inc.", "big cheese"),
            ("ООО «Ромашка»", "ромашка"),
            ("Let's Stop N Shop", "lets stop n shop"),
            ("I.B.M. Corp.", "ibm"),
            ("Smith and Sons Ltd", "smith sons"),
            ("Smith & Sons", "smith sons"),
            // What is nothing but a form is a name all the same.
            ("AG", "ag"),
            ("Co Co", "co"),
            ("Company", "company"),
        ] {
            assert_eq!(shown(name), bare, "{name}");
        }
    }

    #[test]
    fn names_are_the_same_whatever_the_order_and_the_spaces() {
        let same = |a: &str, b: &str| Name::of(a).same(&Name::of(b));
        assert!(same("North Wind Traders", "Northwind Traders Inc"));
        assert!(same("Futterkiste Alfreds", "Alfreds Futterkiste GmbH"));
        assert!(!same("Alfreds Futterkiste", "Alfreds Futterkisten"));
        assert!(!same("!!!", "???"));
    }

    #[test]
    fn a_slip_of_the_pen_is_near_and_another_company_is_not() {
        let likeness = |a: &str, b: &str| Name::of(a).likeness(&Name::of(b));
        assert!(likeness("Alfreds Futterkiste", "Alfred Futterkiste") > 0.93);
        assert!(likeness("Blondesddsl père et fils", "Blondesdsl père et fils") > 0.93);
        assert!(likeness("Restaurante Aurora", "Restaurante Bonita") < 0.86);
        assert!(likeness("Banco do Brasil", "Banco da Bahia") < 0.93);
        assert!(Name::of("Northwind Traders").contains(&Name::of("Northwind Traders Berlin")));
        assert!(!Name::of("Nord").contains(&Name::of("Nord Stream")));
    }
}
