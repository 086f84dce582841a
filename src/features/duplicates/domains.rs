//! The domain that a company has to itself, of its web site and of its people's addresses.

/// Where anybody has an address, or a page: to share one of these tells nothing.
const SHARED: &[&str] = &[
    "126.com",
    "163.com",
    "aim.com",
    "aol.com",
    "arcor.de",
    "att.net",
    "bellsouth.net",
    "bigpond.com",
    "bluewin.ch",
    "bt.com",
    "btinternet.com",
    "charter.net",
    "comcast.net",
    "cox.net",
    "daum.net",
    "discord.gg",
    "earthlink.net",
    "email.com",
    "facebook.com",
    "fastmail.com",
    "fb.com",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "google.com",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hushmail.com",
    "icloud.com",
    "inbox.ru",
    "instagram.com",
    "interia.pl",
    "juno.com",
    "laposte.net",
    "libero.it",
    "linkedin.com",
    "linktr.ee",
    "list.ru",
    "live.ca",
    "live.co.uk",
    "live.com",
    "live.de",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "netscape.net",
    "o2.pl",
    "online.de",
    "onet.pl",
    "optonline.net",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "pinterest.com",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "rogers.com",
    "sapo.pt",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "shaw.ca",
    "sina.com",
    "sky.com",
    "sohu.com",
    "sympatico.ca",
    "t-online.de",
    "talktalk.net",
    "telenet.be",
    "terra.com.br",
    "tiktok.com",
    "tiscali.it",
    "tripadvisor.com",
    "tuta.com",
    "tutanota.com",
    "twitter.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "virginmedia.com",
    "wanadoo.fr",
    "web.de",
    "windowslive.com",
    "wp.pl",
    "x.com",
    "xing.com",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "youtube.com",
    "zoho.com",
    "ziggo.nl",
];

/// The domain of a web site, by the public suffix list: `https://shop.alfreds.co.uk/a` is `alfreds.co.uk`.
pub fn of_website(website: &str) -> Option<String> {
    let website = website.trim().to_lowercase();
    let rest = website.split_once("://").map_or(website.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    own(host.split(':').next().unwrap_or_default())
}

/// The domain of an address.
pub fn of_email(email: &str) -> Option<String> {
    let (_, host) = email.trim().rsplit_once('@')?;
    own(&host.to_lowercase())
}

fn own(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.');
    let domain = psl::domain_str(host)?;
    // Only what is a name in a list that is known: `intranet.local` and plain addresses are not.
    let known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    // Names for examples have no list; they are used by those who try the program.
    let example = ["test", "example"]
        .iter()
        .any(|suffix| host.ends_with(&format!(".{suffix}")));
    ((known || example) && !SHARED.contains(&domain)).then(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{SHARED, of_email, of_website};

    #[test]
    fn a_company_is_known_by_the_domain_that_it_registered() {
        for (website, domain) in [
            ("https://www.alfreds.de/kontakt?x=1", Some("alfreds.de")),
            ("Alfreds.DE", Some("alfreds.de")),
            ("http://shop.alfreds.co.uk:8080/", Some("alfreds.co.uk")),
            ("http://user:pass@alfreds.de", Some("alfreds.de")),
            ("alfreds.github.io", Some("alfreds.github.io")),
            ("https://www.facebook.com/alfreds", None),
            ("http://192.168.1.4/", None),
            ("localhost", None),
            ("co.uk", None),
            ("not a site", None),
            ("www.alfreds.test", Some("alfreds.test")),
        ] {
            assert_eq!(of_website(website).as_deref(), domain, "{website}");
        }
        assert_eq!(of_email("m.anders@mail.alfreds.de").as_deref(), Some("alfreds.de"));
        assert_eq!(of_email("alfreds@GMX.de"), None);
        assert_eq!(of_email("nobody"), None);
    }

    #[test]
    fn each_shared_domain_is_one_that_can_be_met() {
        for domain in SHARED {
            assert_eq!(psl::domain_str(domain), Some(*domain));
        }
    }
}
