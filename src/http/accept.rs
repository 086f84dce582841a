//! Which format to answer in: what the client accepts, among what the endpoint offers.

use actix_web::HttpMessage;
use actix_web::http::header::ACCEPT;

/// The offer that the client likes best; the first one when it does not care. `None` when it accepts none of them.
///
/// Follows RFC 9110 §12.5.1: a more specific range decides over a broader one, `q=0` refuses.
pub fn choose<'o>(request: &impl HttpMessage, offers: &[&'o str]) -> Option<&'o str> {
    let header: Vec<&str> = request
        .headers()
        .get_all(ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .collect();
    let ranges: Vec<(&str, f32)> = header
        .iter()
        .flat_map(|value| value.split(','))
        .filter_map(range)
        .collect();
    if ranges.is_empty() {
        return offers.first().copied();
    }
    let mut best: Option<(&'o str, f32)> = None;
    for offer in offers {
        let Some(quality) = quality(offer, &ranges) else {
            continue;
        };
        if quality > 0.0 && best.is_none_or(|(_, than)| quality > than) {
            best = Some((offer, quality));
        }
    }
    best.map(|(offer, _)| offer)
}

fn range(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().filter(|kind| !kind.is_empty())?;
    let quality = parts
        .find_map(|part| part.strip_prefix("q="))
        .map_or(Some(1.0), |q| q.parse().ok())?;
    Some((kind, quality))
}

/// The quality that the most specific matching range gives to `offer`.
fn quality(offer: &str, ranges: &[(&str, f32)]) -> Option<f32> {
    let family = offer.split('/').next().unwrap_or_default();
    let matches = |range: &str| {
        if range.eq_ignore_ascii_case(offer) {
            Some(2)
        } else if range
            .strip_suffix("/*")
            .is_some_and(|kind| kind.eq_ignore_ascii_case(family))
        {
            Some(1)
        } else {
            (range == "*/*").then_some(0)
        }
    };
    ranges
        .iter()
        .filter_map(|(range, q)| matches(range).map(|depth| (depth, *q)))
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, q)| q)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_client_is_given_what_it_likes_best() {
        let offers = ["application/json", "text/csv", "application/x-ndjson"];
        for (accept, chosen) in [
            ("*/*", Some("application/json")),
            ("text/csv", Some("text/csv")),
            ("text/*", Some("text/csv")),
            ("text/html, application/json;q=0.9, */*;q=0.1", Some("application/json")),
            ("application/json;q=0, */*", Some("text/csv")),
            ("application/x-ndjson, text/csv;q=0.5", Some("application/x-ndjson")),
            ("application/xml", None),
            ("", Some("application/json")),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_srv_request();
            assert_eq!(choose(&request, &offers), chosen, "{accept}");
        }
    }
}
