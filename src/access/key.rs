//! API keys: `tb_`, 160 random bits and a checksum, all in base62. Only the hash is stored.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: &str = "tb_";
/// 27 digits hold 160 bits.
const SECRET: usize = 27;
const CHECK: usize = 6;

/// Base62 of `bytes` (at most 20), left-padded to `width`.
fn base62(bytes: &[u8], width: usize) -> String {
    let mut digits = vec![0_u8; width];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in digits.iter_mut().rev() {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 62).unwrap_or(0);
            carry = value / 62;
        }
    }
    digits
        .iter()
        .map(|digit| char::from(ALPHABET[usize::from(*digit) % 62]))
        .collect()
}

fn check(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    base62(&digest[..4], CHECK)
}

/// A new key. Shown once; keep [`hash`] of it.
pub fn generate() -> String {
    let secret = base62(&rand::random::<[u8; 20]>(), SECRET);
    let check = check(&secret);
    format!("{PREFIX}{secret}{check}")
}

/// Whether this is an API key at all: the right shape, the right checksum. Costs no database.
pub fn well_formed(key: &str) -> bool {
    key.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == SECRET + CHECK && rest.is_ascii() && {
            let (secret, given) = rest.split_at(SECRET);
            check(secret) == given
        }
    })
}

/// What the database keeps. Plain SHA-256 is enough for 160 random bits.
pub fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// A random token for links and refreshes: 256 bits, base64url.
pub fn token() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_knows_itself_and_a_typing_error_does_not_pass() {
        for _ in 0..200 {
            let key = generate();
            assert!(well_formed(&key), "{key}");
            let mut typo = key.clone().into_bytes();
            typo[10] = if typo[10] == b'a' { b'b' } else { b'a' };
            assert!(!well_formed(&String::from_utf8(typo).unwrap()));
        }
        assert!(!well_formed("tb_"));
        assert!(!well_formed("tb_ééééééééééééééééééééééééé"));
    }
}
