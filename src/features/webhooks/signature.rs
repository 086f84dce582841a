//! Decides: how a delivery is signed (Standard Webhooks).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Timestamp;

/// A new secret: 256 random bits.
pub fn secret() -> Vec<u8> {
    rand::random::<[u8; 32]>().to_vec()
}

/// As whoever verifies enters it.
pub fn shown(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// `webhook-signature`: one for each secret that is good, separated by blanks.
pub fn signatures<'s>(
    secrets: impl IntoIterator<Item = &'s [u8]>,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> Option<String> {
    let signed = |secret: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    let all: Option<Vec<String>> = secrets.into_iter().map(signed).collect();
    Some(all?.join(" "))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    /// The example of the libraries of Standard Webhooks.
    #[test]
    fn it_is_the_signature_that_the_standard_shows() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::new(DateTime::from_timestamp(1_614_265_330, 0).unwrap());
        let signed = signatures(
            [secret.as_slice()],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            b"{\"test\": 2432232314}",
        );
        assert_eq!(
            signed.as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }
}
