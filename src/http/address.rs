//! Where a request comes from.

use actix_web::HttpRequest;
use actix_web::http::header;

/// The client's address: the peer's, or what the trusted proxies say.
pub fn address(request: &HttpRequest, trusted_proxies: usize) -> String {
    let peer = request
        .peer_addr()
        .map(|peer| peer.ip().to_string())
        .unwrap_or_default();
    if trusted_proxies == 0 {
        return peer;
    }
    // Several headers of this name read as one list, in their order (RFC 9110 §5.3).
    let forwarded: Vec<&str> = request
        .headers()
        .get_all(header::X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    forwarded
        .iter()
        .rev()
        .nth(trusted_proxies - 1)
        .and_then(|address| address.trim().parse::<std::net::IpAddr>().ok())
        .map_or(peer, |address| address.to_string())
}
