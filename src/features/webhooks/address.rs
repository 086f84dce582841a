//! Decides: to which addresses this server may be sent by what a client wrote.
//!
//! Whoever enters a URL chooses where this server connects to, and it stands where the client does not: beside the database, in a cloud
//! with a metadata service. So it connects to public addresses alone, and to what the installation allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// What is set apart for special purposes (IANA's registry), and one public address that a cloud answers to its own machines.
const APART_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The one part of IPv6 that is public.
const PUBLIC_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// What is set apart within it: among others Teredo (in 2001::/23) and 6to4, which lead on to any IPv4 address.
const APART_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// Where IPv4 is reached through NAT64 (RFC 6052): the last four bytes are the address.
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

fn v4(within: &(Ipv4Addr, u8), address: Ipv4Addr) -> bool {
    Ipv4Net::new(within.0, within.1).is_ok_and(|net| net.contains(&address))
}

fn v6(within: &(Ipv6Addr, u8), address: Ipv6Addr) -> bool {
    Ipv6Net::new(within.0, within.1).is_ok_and(|net| net.contains(&address))
}

/// The IPv4 address that an IPv6 address stands for, where it does.
fn meant(address: Ipv6Addr) -> Option<Ipv4Addr> {
    address.to_ipv4_mapped().or_else(|| {
        let [.., a, b, c, d] = address.octets();
        v6(&NAT64, address).then(|| Ipv4Addr::new(a, b, c, d))
    })
}

/// Whether this server may connect to this address.
pub fn may(address: IpAddr, allowed: &[IpNet]) -> bool {
    let meant = match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => meant(address),
    };
    if allowed
        .iter()
        .any(|net| net.contains(&address) || meant.is_some_and(|meant| net.contains(&IpAddr::V4(meant))))
    {
        return true;
    }
    match (meant, address) {
        (Some(address), _) | (None, IpAddr::V4(address)) => !APART_V4.iter().any(|apart| v4(apart, address)),
        (None, IpAddr::V6(address)) => v6(&PUBLIC_V6, address) && !APART_V6.iter().any(|apart| v6(apart, address)),
    }
}

/// Why nothing is sent to a URL: a sentence for whoever entered it.
pub fn objection(url: &str, allowed: &[IpNet]) -> Option<&'static str> {
    // They would be passed over, and what is shown would not be where it goes.
    if url.contains(|it: char| it.is_whitespace() || it.is_control()) {
        return Some("A URL has no blanks and no line breaks; a blank is written %20.");
    }
    let Ok(url) = Url::parse(url) else {
        return Some("This is no URL; write https://example.com/path.");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("Webhooks go over https (or http).");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("Leave name and password out: deliveries are known by their signature.");
    }
    if url.fragment().is_some() {
        return Some("Leave out what follows the `#`: it is never sent.");
    }
    let literal = match url.host() {
        None => return Some("The URL names no host."),
        // The name is looked up when it is connected to, each time.
        Some(Host::Domain(_)) => return None,
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
    };
    (!may(literal, allowed))
        .then_some("This address is not public, and this installation does not allow it (`--webhook-allow`).")
}
