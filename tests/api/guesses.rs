//! Guessing passwords has to wait: by account, by name and by address, and in each organization for itself.

use chrono::TimeDelta;
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::sessions::{joined, login, signed_in};
use crate::support::{Client, PASSWORD, Reply, Server};

#[actix_web::test]
async fn guessing_has_to_wait_and_unknown_users_look_like_known_ones() {
    let server = Server::start().await;
    joined(&server, "target", Role::Executive).await;
    for email in ["target@northwind.test", "nobody@northwind.test"] {
        let guesses = (0..14).map(|_| login(&server, email, "a wrong password"));
        let replies = futures_util::future::join_all(guesses).await;
        let wrong = replies.iter().filter(|reply| reply.status == 401).count();
        let waits = replies.iter().filter(|reply| reply.status == 429).count();
        assert!(wrong <= 10 && wrong + waits == 14, "{wrong} wrong, {waits} waits");
        for _ in wrong..10 {
            assert_eq!(
                login(&server, email, "a wrong password").await.problem(401),
                "wrong_credentials"
            );
        }
        let refused = login(&server, email, PASSWORD).await;
        let seconds: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=901).contains(&seconds), "{seconds}");
        assert_eq!(refused.problem(429), "too_many_requests");
    }
    server.app.clock.advance(TimeDelta::minutes(16));
    login(&server, "target@northwind.test", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn the_limit_holds_per_address_and_believes_only_trusted_proxies() {
    let server = Server::start_with(|config| config.trusted_proxies = 1).await;
    let guess = |at: usize, from: String| {
        let client = server.nobody();
        async move {
            let body = json!({"email": format!("user{at}@northwind.test"), "password": "a wrong password"});
            let request = client.request("POST", "/v1/auth/login").header("x-forwarded-for", from);
            client.send(request.json(&body)).await.status
        }
    };
    // What the client says of itself stands left of what the proxy adds.
    let mut last = 0;
    for at in 0..101 {
        last = guess(at, format!("10.0.0.{at}, 192.0.2.1")).await;
    }
    assert_eq!(last, 429);
    assert_eq!(guess(200, "192.0.2.1, 192.0.2.2".into()).await, 401);
}

/// Another organization's user with this address and another password, and the organization's admin.
async fn elsewhere(server: &Server, email: &str, password: &str) -> Client {
    let other = server.another_organization().await;
    let new = json!({"email": email, "name": "Double", "role": "manager"});
    let user = other.post("/v1/users", new).await.expect(201);
    let path = format!("/v1/users/{}/invitation", user["id"].as_str().unwrap());
    let link = other.post(&path, Value::Null).await.expect(200);
    let accept = json!({"token": link["token"], "password": password});
    server
        .nobody()
        .post("/v1/auth/accept-invitation", accept)
        .await
        .expect(200);
    other
}

async fn login_to(server: &Server, organization: &str, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password, "organization": organization});
    server.nobody().post("/v1/auth/login", body).await
}

#[actix_web::test]
async fn an_address_in_several_organizations_names_one() {
    let server = Server::start().await;
    joined(&server, "double", Role::Viewer).await;
    let email = "double@northwind.test";
    login(&server, email, PASSWORD).await.expect(200);
    elsewhere(&server, email, PASSWORD).await;

    // Nothing tells a right password without its organization from a wrong one.
    let (several, wrong) = (
        login(&server, email, PASSWORD).await,
        login(&server, email, "a wrong password").await,
    );
    assert_eq!(several.body["detail"], wrong.body["detail"]);
    assert_eq!(several.problem(401), wrong.problem(401));
    for (slug, role) in [("northwind-traders", "viewer"), ("contoso", "manager")] {
        let session = login_to(&server, slug, email, PASSWORD).await.expect(200);
        let me = signed_in(&server, &session).get("/v1/me").await.expect(200);
        assert_eq!((&me["organization"]["slug"], &me["role"]), (&json!(slug), &json!(role)));
    }
    login_to(&server, "nowhere", email, PASSWORD).await.problem(401);
}

#[actix_web::test]
async fn a_right_password_elsewhere_does_not_pay_for_guesses_here() {
    let server = Server::start().await;
    joined(&server, "prey", Role::Executive).await;
    let (email, mine) = ("prey@northwind.test", "the other's password");
    elsewhere(&server, email, mine).await;
    for _ in 0..10 {
        login_to(&server, "northwind-traders", email, "a wrong password")
            .await
            .problem(401);
    }
    let session = login_to(&server, "contoso", email, mine).await.expect(200);
    let change = json!({"current_password": mine, "new_password": "yet another one"});
    assert_eq!(
        signed_in(&server, &session)
            .post("/v1/auth/password", change)
            .await
            .status,
        204
    );
    login_to(&server, "northwind-traders", email, PASSWORD)
        .await
        .problem(429);
}

#[actix_web::test]
async fn an_account_of_two_names_has_no_more_guesses_than_one_of_one_and_nobody_is_told() {
    let server = Server::start().await;
    joined(&server, "named", Role::Executive).await;
    for email in ["named@northwind.test", "nobody@northwind.test"] {
        for _ in 0..10 {
            login(&server, email, "a wrong password").await.problem(401);
        }
        // By its other name it is not looked at, either; an account that is not there answers alike.
        login_to(&server, "northwind-traders", email, PASSWORD)
            .await
            .problem(401);
    }
    server.app.clock.advance(TimeDelta::minutes(16));
    login_to(&server, "northwind-traders", "named@northwind.test", PASSWORD)
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_way_back_in_is_not_asked_for_without_end() {
    let server = Server::start().await;
    joined(&server, "wisher", Role::Viewer).await;
    for email in ["wisher@northwind.test", "nobody@northwind.test"] {
        let ask = async || {
            let body = json!({"email": email});
            server.nobody().post("/v1/auth/password-reset", body).await
        };
        for _ in 0..10 {
            assert_eq!(ask().await.status, 202);
        }
        let refused = ask().await;
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(refused.problem(429), "too_many_requests");
    }
    // Others' wishes lock nobody out.
    login(&server, "wisher@northwind.test", PASSWORD).await.expect(200);
}
