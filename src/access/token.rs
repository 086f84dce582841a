//! Access tokens: EdDSA JWTs of ten minutes, checked as RFC 8725 asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Role, store};
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Error};
use crate::id::{OrganizationId, UserId};

/// How long an access token is good, in seconds.
pub const LIFETIME: i64 = 600;
const AUDIENCE: &str = "touchbase";
const TYPE: &str = "at+jwt";
/// Tokens verified a moment ago, at most.
const REMEMBERED: usize = 20_000;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It was issued here, and its time is over.
    Expired,
    /// Anything else.
    Unknown,
}

/// What an access token says (RFC 9068).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub org: OrganizationId,
    /// For the client's information; the database decides.
    pub role: Role,
    pub jti: Uuid,
    /// The session's refresh family.
    pub sid: Uuid,
    pub iat: i64,
    pub exp: i64,
}

/// The public half of a signing key (RFC 7517, RFC 8037).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Jwk {
    #[schema(max_length = 10, example = "OKP")]
    pub kty: &'static str,
    #[schema(max_length = 20, example = "Ed25519")]
    pub crv: &'static str,
    #[serde(rename = "use")]
    #[schema(max_length = 10, example = "sig")]
    pub usage: &'static str,
    #[schema(max_length = 20, example = "EdDSA")]
    pub alg: &'static str,
    /// Names the key in a token's header.
    #[schema(max_length = 100)]
    pub kid: String,
    /// The key itself, in base64url.
    #[schema(max_length = 100)]
    pub x: String,
}

struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: String,
}

struct Ring {
    current: String,
    keys: HashMap<String, Key>,
}

/// The installation's signing keys, kept in the database so that several instances share them.
pub struct Keys {
    ring: RwLock<Arc<Ring>>,
    issuer: String,
    verified: Mutex<HashMap<[u8; 32], Claims>>,
    /// When the ring was last read; unknown key ids may make it be read again once a second.
    read_at: Mutex<Option<Timestamp>>,
}

/// A key could not be read, made or used.
#[derive(Debug)]
pub struct Unusable(pub String);

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// The id of a key: a hash of its public half.
fn key_id(public: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..12])
}

fn key(seed: [u8; 32]) -> Result<(String, Key), Unusable> {
    let signing = SigningKey::from_bytes(&seed);
    let public = URL_SAFE_NO_PAD.encode(signing.verifying_key().as_bytes());
    let der = signing.to_pkcs8_der().map_err(|error| Unusable(error.to_string()))?;
    let decoding = DecodingKey::from_ed_components(&public).map_err(|error| Unusable(error.to_string()))?;
    Ok((
        key_id(signing.verifying_key().as_bytes()),
        Key {
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding,
            public,
        },
    ))
}

/// Makes a new signing key and retires the one before: its tokens stay good until they expire.
///
/// # Errors
/// What the database said.
pub async fn rotate(db: &Db, clock: &Clock) -> Result<String, Unusable> {
    let seed: [u8; 32] = rand::random();
    let (id, _) = key(seed)?;
    store::insert_signing_key(db, &id, &seed, clock.now()).await?;
    Ok(id)
}

impl Keys {
    /// Reads the ring, making the first key where there is none, and signs and verifies once:
    /// a wrongly built crypto library must show at start, not at the first sign-in.
    ///
    /// # Errors
    /// When no key can be used.
    pub async fn open(db: &Db, clock: &Clock, issuer: &str) -> Result<Self, Unusable> {
        if store::signing_keys(&mut db.read()).await?.is_empty() {
            rotate(db, clock).await?;
        }
        let keys = Self {
            ring: RwLock::new(Arc::new(read(db).await?)),
            issuer: issuer.to_owned(),
            verified: Mutex::default(),
            read_at: Mutex::new(Some(clock.now())),
        };
        let nobody = UserId(Uuid::nil());
        let token = keys.issue(clock, OrganizationId(Uuid::nil()), nobody, Role::Viewer, Uuid::nil())?;
        keys.check(&token, clock.now())
            .map_err(|_| Unusable("a token signed here was not accepted here".into()))?;
        Ok(keys)
    }

    /// Reads the ring again: another process may have rotated it.
    ///
    /// # Errors
    /// What the database said; the old ring stays.
    pub async fn refresh(&self, db: &Db) -> Result<(), Unusable> {
        let ring = Arc::new(read(db).await?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A new access token.
    ///
    /// # Errors
    /// When signing fails.
    pub fn issue(
        &self,
        clock: &Clock,
        org: OrganizationId,
        sub: UserId,
        role: Role,
        sid: Uuid,
    ) -> Result<String, Unusable> {
        let iat = clock.now().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub,
            org,
            role,
            jti: clock.id(),
            sid,
            iat,
            exp: iat + LIFETIME,
        };
        let ring = self.ring();
        let key = ring
            .keys
            .get(&ring.current)
            .ok_or_else(|| Unusable("no signing key".into()))?;
        let header = Header {
            typ: Some(TYPE.into()),
            kid: Some(ring.current.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(|error| Unusable(error.to_string()))
    }

    /// The claims of a token that holds in every respect.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Claims, Distrust> {
        let claims = self.verified(token, now).ok_or(Distrust::Unknown)?;
        if claims.exp > now.timestamp() {
            Ok(claims)
        } else {
            Err(Distrust::Expired)
        }
    }

    /// The claims of a token that holds in every respect but that it may have expired.
    fn verified(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = self
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&digest)
            .cloned();
        if known.is_some() {
            return known;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let ring = self.ring();
        let key = ring.keys.get(header.kid.as_deref()?)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        // Expiry is checked by the caller, against the installation's own clock.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &rules)
            .ok()?
            .claims;
        // No leeway: issuer and verifier are the same installation. Issued in the future is a forgery or a broken clock.
        if claims.iat > now.plus(TimeDelta::seconds(30)).timestamp() || claims.exp.saturating_sub(claims.iat) > LIFETIME
        {
            return None;
        }
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(digest, claims.clone());
        Some(claims)
    }

    /// Whether the token names a key that is not in the ring, and enough time has passed to look again.
    pub fn names_unknown_key(&self, token: &str, now: Timestamp) -> bool {
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
            return false;
        };
        if self.ring().keys.contains_key(&kid) {
            return false;
        }
        let mut read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = read_at.is_none_or(|at| now.signed_duration_since(at.utc()) > TimeDelta::seconds(1));
        if due {
            *read_at = Some(now);
        }
        due
    }

    /// The public halves, for `/.well-known/jwks.json`.
    pub fn public(&self) -> Vec<Jwk> {
        let ring = self.ring();
        let mut keys: Vec<Jwk> = ring
            .keys
            .iter()
            .map(|(id, key)| Jwk {
                kty: "OKP",
                crv: "Ed25519",
                usage: "sig",
                alg: "EdDSA",
                kid: id.clone(),
                x: key.public.clone(),
            })
            .collect();
        keys.sort_by(|one, other| one.kid.cmp(&other.kid));
        keys
    }
}

async fn read(db: &Db) -> Result<Ring, Unusable> {
    let stored = store::signing_keys(&mut db.read()).await?;
    let mut keys = HashMap::new();
    let mut current = String::new();
    for seed in stored {
        let seed: [u8; 32] = seed
            .try_into()
            .map_err(|_| Unusable("a signing key of the wrong length".into()))?;
        let (id, key) = key(seed)?;
        current.clone_from(&id);
        keys.insert(id, key);
    }
    Ok(Ring { current, keys })
}
