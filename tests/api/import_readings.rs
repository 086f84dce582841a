//! Imports of files that this program has exported, and of cells that only their column explains.

use serde_json::{Value, json};

use crate::imports::{figures, import, northwind};
use crate::support::Server;

#[actix_web::test]
async fn an_export_of_customers_is_imported_and_nothing_changes() {
    let server = Server::start().await;
    let manager = server.manager();
    let owner = manager.get("/v1/users").await.expect(200)["data"][0]["id"].clone();
    let own = json!({
        "name": "Wellington & Söhne", "external_id": "W-1", "phone": "+44 113 555 0179", "account_manager_id": owner,
        "annual_billing": {"amount_minor": -427_305, "currency": "EUR"}, "city": "'s-Gravenhage", "street": "Mill 1\nFloor 2",
        "services": ["+1 number", "Internet"], "tags": ["fish, dried"], "custom_fields": {"contract": "=Two\nyears"},
        "social_profiles": {"x": "@wellington"}, "website": "'=x", "customer_since": "2020-02-01", "do_not_contact": true,
        "time_zone": "Europe/London"
    });
    manager.post("/v1/customers", own).await.expect(201);
    manager
        .post("/v1/customers", json!({"name": " -No id ", "phone": "+49 30 0074321"}))
        .await
        .expect(201);
    import(&manager, "customers", &[], northwind("companies.hubspot.csv"))
        .await
        .expect(200);
    let request = manager.request("GET", "/v1/customers").header("accept", "text/csv");
    let file = manager.send(request).await.text;
    assert!(file.contains("'+44 113 555 0179"), "{file}");
    let report = import(&manager, "customers", &[], file).await.expect(200);
    assert_eq!(figures(&report), [95, 0, 0, 95, 0], "{report}");
    assert_eq!((&report["errors"], &report["warnings"]), (&json!([]), &json!([])));
    let ignored: Vec<_> = report["columns"]["ignored"].as_array().unwrap().iter().collect();
    for told in ["phone_e164", "revision", "created_at", "referred_by_id"] {
        assert!(ignored.contains(&&json!(told)), "{told}: {ignored:?}");
    }
    assert!(!ignored.contains(&&json!("custom_fields")), "{ignored:?}");
    let found = manager.get("/v1/customers?external_id=W-1").await.expect(200)["data"][0].clone();
    assert_eq!(found["phone_e164"], "+441135550179");
    // A new customer from such a file is whole, too.
    let text = "id,external_id,name,annual_billing.amount_minor,annual_billing.currency,custom_fields,phone\n\
        ,N-1,New,1250,USD,\"{\"\"contract\"\":\"\"One year\"\"}\",'+44 113 555 0179\n,N-2,Bad,x,USD,[],\n";
    let report = import(&manager, "customers", &[], text).await.expect(200);
    assert_eq!(figures(&report), [2, 1, 0, 0, 1], "{report}");
    let new = manager.get("/v1/customers?external_id=N-1").await.expect(200)["data"][0].clone();
    assert_eq!(new["annual_billing"], json!({"amount_minor": 1250, "currency": "USD"}));
    assert_eq!(new["custom_fields"], json!({"contract": "One year"}));
    assert_eq!(new["phone_e164"], "+441135550179");
}

#[actix_web::test]
async fn what_a_cell_leaves_open_its_column_says() {
    let server = Server::start().await;
    let manager = server.manager();
    let send = async |parameters: &[(&str, &str)], file: &str| {
        let report = import(&manager, "customers", parameters, file).await.expect(200);
        let one = manager.get("/v1/customers?external_id=1").await.expect(200)["data"][0].clone();
        let warnings = report["warnings"].as_array().unwrap().clone();
        (one, warnings, report)
    };
    // A later row says that the day is first, and that a comma stands before decimals.
    let file = "id;name;since;revenue;currency\n1;A;01/02/2020;1.200;EUR\n2;B;31/12/2019;12,50;EUR\n";
    let (one, warnings, report) = send(&[], file).await;
    assert_eq!(figures(&report), [2, 2, 0, 0, 0], "{report}");
    assert_eq!(
        (&one["customer_since"], &one["annual_billing"]["amount_minor"]),
        (&json!("2020-02-01"), &json!(120_000))
    );
    assert_eq!(warnings, Vec::<Value>::new());
    // Nothing says it: as in Berlin, and as thousands, with one warning for each column.
    let file = "id;name;since;revenue;currency\n1;A;03/04/2020;1.300;EUR\n2;B;05/06/2019;7.000;EUR\n";
    let (one, warnings, _) = send(&[], file).await;
    assert_eq!(
        (&one["customer_since"], &one["annual_billing"]["amount_minor"]),
        (&json!("2020-04-03"), &json!(130_000))
    );
    let told: Vec<_> = warnings
        .iter()
        .map(|told| ["line", "column", "value", "code"].map(|name| told[name].clone()))
        .collect();
    assert_eq!(
        told,
        [
            [json!(2), json!("since"), json!("03/04/2020"), json!("ambiguous_date")],
            [json!(2), json!("revenue"), json!("1.300"), json!("ambiguous_number")],
        ]
    );
    assert!(
        warnings[0]["reason"].as_str().unwrap().contains("day first"),
        "{warnings:?}"
    );
    let file = "id,name,since\n1,A,03/04/2020\n2,B,31/12/2019\n";
    let (one, warnings, report) = send(&[("date_order", "mdy")], file).await;
    assert_eq!((&one["customer_since"], warnings.len()), (&json!("2020-03-04"), 0));
    assert_eq!(report["errors"][0]["code"], "invalid_date");
    let admin = server.admin();
    let organization = admin.get("/v1/organization").await.expect(200);
    let etag = format!("\"{}\"", organization["revision"]);
    let request = admin.request("PATCH", "/v1/organization").header("if-match", etag);
    let request = request.header("content-type", "application/merge-patch+json");
    let moved = admin.send(request.body(json!({"time_zone": "America/Chicago"}).to_string()));
    moved.await.expect(200);
    let (one, warnings, _) = send(&[], "id,name,since\n1,A,05/06/2020\n").await;
    assert_eq!(one["customer_since"], "2020-05-06");
    assert!(
        warnings[0]["reason"].as_str().unwrap().contains("month first"),
        "{warnings:?}"
    );
}
