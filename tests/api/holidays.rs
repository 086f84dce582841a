//! Public holidays, and the regions that they differ by.

use serde_json::{Value, json};

use crate::support::Server;

fn named(holidays: &Value, date: &str) -> Option<String> {
    let data = holidays["data"].as_array().unwrap();
    let found = data.iter().find(|holiday| holiday["date"] == date)?;
    found["name"].as_str().map(str::to_owned)
}

#[actix_web::test]
async fn public_holidays_are_those_of_the_region_and_the_year() {
    let server = Server::start().await;
    let client = server.viewer();
    let bavaria = client.get("/v1/holidays?region=DE-BY&year=2027").await.expect(200);
    assert_eq!(bavaria["name"], "Germany, Bayern");
    assert_eq!(named(&bavaria, "2027-01-06").as_deref(), Some("Epiphany"));
    let germany = client.get("/v1/holidays?region=DE&year=2027").await.expect(200);
    assert_eq!(named(&germany, "2027-01-06"), None);
    assert_eq!(named(&germany, "2027-10-03").as_deref(), Some("German Unity Day"));
    let states = client.get("/v1/holidays?region=us&year=2026").await.expect(200);
    assert_eq!(states["region"], "US");
    assert_eq!(named(&states, "2026-11-26").as_deref(), Some("Thanksgiving Day"));
    for (query, parameter) in [
        ("region=Bavaria", "region"),
        ("region=DE&year=2050", "year"),
        ("region=", "region"),
    ] {
        let reply = client.get(&format!("/v1/holidays?{query}")).await;
        assert_eq!(reply.body["errors"][0]["pointer"], parameter, "{}", reply.text);
    }
}

#[actix_web::test]
async fn without_a_region_no_public_holidays_are_known() {
    let server = Server::start().await;
    let executive = server.executive();
    let none = executive.get("/v1/holidays?year=2027").await.expect(200);
    assert_eq!((&none["region"], &none["data"]), (&Value::Null, &json!([])));
    let change = json!({"holiday_region": "DE"});
    server.admin().patch("/v1/organization", change).await.expect(200);
    assert_eq!(executive.get("/v1/holidays").await.expect(200)["region"], "DE");
    executive
        .patch("/v1/me", json!({"holiday_region": "AT"}))
        .await
        .expect(200);
    assert_eq!(executive.get("/v1/holidays").await.expect(200)["region"], "AT");
}

#[actix_web::test]
async fn a_region_that_is_not_known_says_where_they_are_listed() {
    let server = Server::start().await;
    let executive = server.executive();
    for (code, says) in [
        ("Bavaria", "/v1/holiday-regions"),
        ("DE-XX", "/v1/holiday-regions?country=DE"),
        ("de-by", "DE-BY"),
    ] {
        for (client, path) in [(server.admin(), "/v1/organization"), (executive.clone(), "/v1/me")] {
            let reply = client.patch(path, json!({"holiday_region": code})).await;
            let fault = &reply.body["errors"][0];
            assert_eq!(fault["pointer"], "/holiday_region", "{}", reply.text);
            assert!(fault["detail"].as_str().unwrap().contains(says), "{}", reply.text);
        }
    }
    let regions = executive.get("/v1/holiday-regions?country=de").await.expect(200);
    let regions = regions["data"].as_array().unwrap();
    assert!(regions.contains(&json!({"region": "DE-BY", "country": "DE", "name": "Germany, Bayern"})));
    assert!(regions.iter().all(|region| region["country"] == "DE"));
    let all = executive.get("/v1/holiday-regions").await.expect(200);
    assert!(all["data"].as_array().unwrap().len() > 800);
}
