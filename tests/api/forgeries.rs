//! Tokens that were not issued here, or not as they stand: each is 401, whatever it tries.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};
use touchbase::access::{Role, key};
use touchbase::db::Sqls;

use crate::sessions::joined;
use crate::support::{Client, Server};

/// What an honest token is made of, to be bent.
struct Mint {
    key: SigningKey,
    header: Value,
    claims: Value,
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    signed_text(key, &format!("{}.{}", part(header), part(claims)))
}

fn signed_text(key: &SigningKey, text: &str) -> String {
    let signature = key.sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

macro_rules! hmac {
    ($hash:ty, $secret:expr, $text:expr) => {{
        let mut mac = Hmac::<$hash>::new_from_slice($secret).unwrap();
        mac.update($text.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }};
}

/// The object with one field set, or removed.
fn with(object: &Value, field: &str, value: Option<Value>) -> Value {
    let mut fields: Map<String, Value> = object.as_object().unwrap().clone();
    match value {
        Some(value) => fields.insert(field.into(), value),
        None => fields.remove(field),
    };
    Value::Object(fields)
}

impl Mint {
    async fn of(server: &Server, session: &Value) -> Self {
        let (kid, seed): (String, Vec<u8>) = server
            .app
            .read()
            .sql("SELECT id, seed FROM signing_keys")
            .one()
            .await
            .unwrap();
        let token = session["access_token"].as_str().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        Self {
            key: SigningKey::from_bytes(&seed.try_into().unwrap()),
            header: json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}),
            claims: serde_json::from_slice(&claims).unwrap(),
        }
    }

    fn honest(&self) -> String {
        signed(&self.key, &self.header, &self.claims)
    }

    fn header(&self, field: &str, value: Option<Value>) -> String {
        signed(&self.key, &with(&self.header, field, value), &self.claims)
    }

    fn claim(&self, field: &str, value: Option<Value>) -> String {
        signed(&self.key, &self.header, &with(&self.claims, field, value))
    }

    /// Every algorithm but ours, with every signature that a confused verifier might take for good.
    fn algorithms(&self) -> Vec<(String, String)> {
        let public = self.key.verifying_key();
        let raw = public.as_bytes().as_slice();
        let text = URL_SAFE_NO_PAD.encode(raw);
        let mut all = Vec::new();
        for alg in [
            json!("none"),
            json!("None"),
            json!("NONE"),
            json!("nOnE"),
            json!(""),
            json!("HS256"),
            json!("HS384"),
            json!("HS512"),
            json!("RS256"),
            json!("PS256"),
            json!("ES256"),
            json!("ES384"),
            json!("eddsa"),
            json!("EDDSA"),
            json!("Ed448"),
            json!(["EdDSA"]),
            json!(0),
            Value::Null,
        ] {
            let header = with(&self.header, "alg", Some(alg.clone()));
            let body = format!("{}.{}", part(&header), part(&self.claims));
            let sha2 = |secret: &[u8]| match alg.as_str() {
                Some("HS384") => hmac!(Sha384, secret, body),
                Some("HS512") => hmac!(Sha512, secret, body),
                _ => hmac!(Sha256, secret, body),
            };
            for (name, signature) in [
                ("no signature", String::new()),
                (
                    "the key's own signature",
                    signed(&self.key, &header, &self.claims)
                        .rsplit('.')
                        .next()
                        .unwrap()
                        .to_owned(),
                ),
                ("HMAC with the public key", sha2(raw)),
                ("HMAC with the public key's text", sha2(text.as_bytes())),
                ("HMAC with nothing", sha2(b"")),
            ] {
                all.push((format!("alg {alg}, {name}"), format!("{body}.{signature}")));
            }
        }
        all.push(("no alg".into(), self.header("alg", None)));
        all
    }

    fn headers(&self) -> Vec<(String, String)> {
        let stranger = SigningKey::from_bytes(&rand::random());
        let theirs = URL_SAFE_NO_PAD.encode(stranger.verifying_key().as_bytes());
        let their_kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(stranger.verifying_key().as_bytes())[..12]);
        let kid = self.header["kid"].as_str().unwrap().to_owned();
        let mut all: Vec<(String, String)> = Vec::new();
        for wrong in [
            None,
            Some(Value::Null),
            Some(json!("")),
            Some(json!("unknown")),
            Some(json!("../../../dev/null")),
            Some(json!("' OR '1'='1")),
            Some(json!("*")),
            Some(json!(0)),
            Some(json!([kid])),
            Some(json!({"kid": kid})),
            Some(json!(kid.to_uppercase())),
            Some(json!(format!("{kid}\0"))),
            Some(json!(format!(" {kid}"))),
            Some(json!("k".repeat(3000))),
        ] {
            all.push((format!("kid {wrong:?}"), self.header("kid", wrong)));
        }
        for wrong in [
            None,
            Some(Value::Null),
            Some(json!("")),
            Some(json!("JWT")),
            Some(json!("at+JWT ")),
            Some(json!("application/at+jwt")),
            Some(json!("refresh+jwt")),
            Some(json!("id+jwt")),
            Some(json!("logout+jwt")),
            Some(json!(1)),
            Some(json!(["at+jwt"])),
        ] {
            all.push((format!("typ {wrong:?}"), self.header("typ", wrong)));
        }
        all.push(("crit".into(), self.header("crit", Some(json!(["exp"])))));
        // A key that comes with the token, or is fetched from where the token says, is nobody's.
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": theirs, "kid": kid});
        for (name, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("http://127.0.0.1:1/keys.json")),
            ("x5u", json!("http://127.0.0.1:1/key.pem")),
            ("x5c", json!([theirs])),
            ("typ", json!("at+jwt")),
        ] {
            for kid in [&kid, &their_kid] {
                let header = with(&with(&self.header, name, Some(value.clone())), "kid", Some(json!(kid)));
                all.push((
                    format!("another key by {name}"),
                    signed(&stranger, &header, &self.claims),
                ));
            }
        }
        all
    }

    fn claims(&self, now: i64) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        for name in ["iss", "aud", "sub", "org", "role", "jti", "sid", "iat", "exp"] {
            let own = &self.claims[name];
            for wrong in [
                None,
                Some(Value::Null),
                Some(json!(true)),
                Some(json!({})),
                Some(json!([own])),
                Some(json!("")),
            ] {
                all.push((format!("{name} {wrong:?}"), self.claim(name, wrong)));
            }
        }
        for (name, wrong) in [
            ("iss", json!("https://elsewhere.test")),
            ("iss", json!(format!("{}/", self.claims["iss"].as_str().unwrap()))),
            ("aud", json!("other")),
            ("aud", json!(["other", "touchbase"])),
            ("sub", json!("admin")),
            ("sub", json!(uuid::Uuid::nil())),
            ("sub", json!("' OR '1'='1")),
            ("org", json!(uuid::Uuid::nil())),
            ("org", self.claims["sub"].clone()),
            ("role", json!("king")),
            ("exp", json!(now - 1)),
            ("exp", json!(now)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("exp", json!(u64::MAX)),
            ("exp", json!(i64::MAX)),
            ("exp", json!((now + 300).to_string())),
            ("exp", json!(now + 86_400)),
            ("iat", json!(now + 300)),
            ("iat", json!(now - 86_400)),
            ("iat", json!(i64::MIN)),
            ("iat", json!(now.to_string())),
        ] {
            all.push((format!("{name} {wrong}"), self.claim(name, Some(wrong))));
        }
        let text = self.claims.to_string();
        let twice = format!("{},\"sub\":{}}}", text.trim_end_matches('}'), self.claims["sub"]);
        for (name, text) in [
            ("a claim twice", twice.as_str()),
            ("no object", "[]"),
            ("no JSON", "sub"),
            ("nothing", ""),
        ] {
            let body = format!("{}.{}", part(&self.header), URL_SAFE_NO_PAD.encode(text));
            all.push((format!("claims: {name}"), signed_text(&self.key, &body)));
        }
        all
    }

    fn shapes(&self) -> Vec<(String, String)> {
        let honest = self.honest();
        let parts: Vec<&str> = honest.split('.').collect();
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        let mut bits = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bits[0] ^= 1;
        let flipped = URL_SAFE_NO_PAD.encode(&bits);
        // S + L: the same number modulo the group's order, written otherwise.
        let order: [u8; 32] = {
            let mut bytes = [0; 32];
            bytes[..16].copy_from_slice(&[
                0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            ]);
            bytes[31] = 0x10;
            bytes
        };
        let mut shifted = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let mut carry = 0_u16;
        for (byte, order) in shifted[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
        let shifted = URL_SAFE_NO_PAD.encode(&shifted);
        let last = signature.chars().last().unwrap();
        let unused = signature.replace(&signature[85..], if last == 'B' { "C" } else { "B" });
        let padded = STANDARD.encode(URL_SAFE_NO_PAD.decode(signature).unwrap());
        let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
        let elevated = part(&with(&self.claims, "role", Some(json!("admin"))));
        let shapes = [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            "a.b.c".into(),
            header.into(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}."),
            format!("{header}..{signature}"),
            format!(".{claims}.{signature}"),
            format!("{claims}.{header}.{signature}"),
            format!("{header}.{elevated}.{signature}"),
            format!("{honest}."),
            format!("{honest}.{signature}"),
            format!("{honest}.x.y"),
            format!("{header}.{claims}.{}", &signature[..80]),
            format!("{header}.{claims}.{signature}AA"),
            format!("{header}.{claims}.{flipped}"),
            format!("{header}.{claims}.{shifted}"),
            format!("{header}.{claims}.{unused}"),
            format!("{header}.{claims}.{padded}"),
            format!("{header}.{claims}.{zeros}"),
            format!("{header}=.{claims}.{signature}"),
            format!("{} .{claims}.{signature}", header),
            json!({"payload": claims, "protected": header, "signature": signature}).to_string(),
            "x".repeat(4_000),
        ];
        shapes
            .into_iter()
            .enumerate()
            .map(|(at, token)| (format!("shape {at}"), token))
            .collect()
    }
}

#[actix_web::test]
async fn no_forged_token_is_believed() {
    let server = Server::start().await;
    let session = joined(&server, "honest", Role::Executive).await;
    let mint = Mint::of(&server, &session).await;
    let now = server.app.clock.now().timestamp();
    let client = |token: String| Client {
        token: Some(token),
        ..server.nobody()
    };
    // The control: what is bent below is believed as long as it is straight.
    client(mint.honest()).get("/v1/me").await.expect(200);

    let mut forgeries = mint.algorithms();
    forgeries.extend(mint.headers());
    forgeries.extend(mint.claims(now));
    forgeries.extend(mint.shapes());
    // Secrets that are good elsewhere are no access tokens.
    forgeries.push((
        "refresh token".into(),
        session["refresh_token"].as_str().unwrap().to_owned(),
    ));
    forgeries.push(("unknown API key".into(), key::generate()));
    forgeries.push(("hash of an API key".into(), URL_SAFE_NO_PAD.encode(key::hash("tb_"))));
    assert!(forgeries.len() > 200, "{}", forgeries.len());
    let mut believed = Vec::new();
    for (name, token) in forgeries {
        let reply = client(token).get("/v1/me").await;
        let told = reply.header("www-authenticate").starts_with("Bearer");
        if reply.status != 401 || reply.body["code"] != "unauthenticated" || !told {
            believed.push(format!("{name}: {} {}", reply.status, reply.text));
        }
    }
    assert!(believed.is_empty(), "{}", believed.join("\n"));
    client(mint.honest()).get("/v1/me").await.expect(200);
}

#[actix_web::test]
async fn another_installations_tokens_are_not_ours() {
    let (here, there) = (Server::start().await, Server::start().await);
    let session = joined(&there, "guest", Role::Admin).await;
    let client = Client {
        token: Some(session["access_token"].as_str().unwrap().to_owned()),
        ..here.nobody()
    };
    client.get("/v1/me").await.problem(401);
}

#[actix_web::test]
async fn other_ways_to_authorize_are_refused() {
    let server = Server::start().await;
    let token = server.admin().token.unwrap();
    for header in [
        "".to_owned(),
        "Bearer".into(),
        "Bearer ".into(),
        token.clone(),
        format!("Basic {token}"),
        format!("Token {token}"),
        format!("DPoP {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer Bearer {token}"),
        format!("Bearer\t{token}"),
    ] {
        let nobody = server.nobody();
        let request = nobody.request("GET", "/v1/me").header("authorization", &header);
        nobody.send(request).await.problem(401);
    }
    // The scheme's name is not case-sensitive (RFC 9110 §11.1), and a token in the query is none.
    let nobody = server.nobody();
    let request = nobody
        .request("GET", "/v1/me")
        .header("authorization", format!("bEARER {token}"));
    nobody.send(request).await.expect(200);
    nobody.get(&format!("/v1/me?access_token={token}")).await.problem(401);
}
