//! Files from customer-relationship programs: real ones, and what is wrong with others.

use serde_json::{Value, json};

use crate::support::{Client, Reply, Server};

pub fn northwind(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/northwind-{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A file, sent with a mapping or other parameters.
pub async fn import(client: &Client, kind: &str, parameters: &[(&str, &str)], file: impl Into<Vec<u8>>) -> Reply {
    let request = client
        .request(
            "POST",
            &format!("/v1/{kind}/import?{}", serde_urlencoded::to_string(parameters).unwrap()),
        )
        .header("content-type", "text/csv; charset=utf-8");
    client.send(request.body(file.into())).await
}

pub fn figures(report: &Value) -> [u64; 5] {
    ["rows", "created", "updated", "unchanged", "failed"].map(|name| report[name].as_u64().unwrap())
}

async fn total(client: &Client, list: &str) -> u64 {
    let page = client
        .get(&format!("{list}limit=1&include_total=true"))
        .await
        .expect(200);
    page["total"].as_u64().unwrap()
}

const FILES: [(&str, &str, u64); 4] = [
    ("users", "users.csv", 9),
    ("customers", "companies.hubspot.csv", 93),
    ("contacts", "contacts.salesforce.csv", 93),
    ("signals", "purchases.csv", 830),
];

#[actix_web::test]
async fn northwinds_files_are_imported_and_the_second_time_nothing_changes() {
    let server = Server::start().await;
    let admin = server.admin();
    for (kind, file, rows) in FILES {
        let report = import(&admin, kind, &[], northwind(file)).await.expect(200);
        assert_eq!(figures(&report), [rows, rows, 0, 0, 0], "{kind}: {report}");
        assert_eq!(
            (&report["errors"], &report["warnings"]),
            (&json!([]), &json!([])),
            "{kind}"
        );
        assert_eq!(report["columns"]["ignored"], json!([]), "{kind}");
    }
    for (kind, file, rows) in FILES {
        let report = import(&admin, kind, &[], northwind(file)).await.expect(200);
        assert_eq!(figures(&report), [rows, 0, 0, rows, 0], "{kind}: {report}");
    }
    let found = admin.get("/v1/customers?external_id=ALFKI").await.expect(200)["data"][0].clone();
    let owner = admin
        .get(&format!("/v1/users/{}", found["account_manager_id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(owner["email"], "margaret.peacock@northwind.test");
    assert_eq!(owner["role"], "executive");
    assert!(owner["manager_id"].is_string());
    assert_eq!(found["phone_e164"], "+49300074321");
    assert_eq!(
        found["annual_billing"],
        json!({"amount_minor": 427_300, "currency": "USD"})
    );
    assert_eq!(found["customer_since"], "1997-08-25");
    assert_eq!(found["account_manager_count"], 1);
    let maria = admin.get("/v1/customers?q=maria%20anders").await.expect(200);
    assert_eq!(maria["data"][0]["id"], found["id"]);
    let purchases = format!(
        "/v1/signals?customer_id={}&kind=purchase&",
        found["id"].as_str().unwrap()
    );
    let sold = admin.get(&purchases).await.expect(200)["data"][0].clone();
    assert!(
        sold["user_id"].is_string() && sold["amount"]["amount_minor"].is_i64(),
        "{sold}"
    );
    assert_eq!(total(&admin, "/v1/signals?").await, 830);
}

#[actix_web::test]
async fn a_dry_run_tells_what_would_come_of_it_and_writes_nothing() {
    let server = Server::start().await;
    let admin = server.admin();
    let dry = [("dry_run", "true")];
    let report = import(&admin, "customers", &dry, northwind("companies.hubspot.csv"))
        .await
        .expect(200);
    assert_eq!(figures(&report), [93, 93, 0, 0, 0]);
    assert_eq!(
        (report["dry_run"].clone(), report["dialect"].clone()),
        (json!(true), json!("hubspot"))
    );
    // Nobody is known yet: the owners are told, and the rows would be in without them.
    assert!(report["warnings"].as_array().unwrap().len() > 80);
    assert_eq!(report["warnings"][0]["code"], "unknown_user");
    assert_eq!(report["warnings"][0]["column"], "Company owner");
    assert_eq!(total(&admin, "/v1/customers?").await, 0);
}

#[actix_web::test]
async fn a_file_of_consumers_is_imported_through_a_mapping() {
    let path = format!("{}/../shared/data/telco-churn.csv", env!("CARGO_MANIFEST_DIR"));
    let Ok(file) = std::fs::read(path) else {
        return;
    };
    let server = Server::start().await;
    let manager = server.manager();
    let mapping = json!({
        "customerID": ["external_id", "name"], "tenure": "tenure_months", "TotalCharges": "annual_billing",
        "PhoneService": "service:Phone", "InternetService": "service:Internet", "OnlineBackup": "service:Online backup",
        "Contract": ["custom_fields.contract", "tags"]
    })
    .to_string();
    let parameters = [("mapping", mapping.as_str()), ("currency", "USD")];
    let report = import(&manager, "customers", &parameters, file.clone())
        .await
        .expect(200);
    assert_eq!(figures(&report), [7043, 7043, 0, 0, 0], "{report}");
    assert_eq!(report["columns"]["ignored"].as_array().unwrap().len(), 14);
    let one = manager.get("/v1/customers?external_id=5575-GNVDE").await.expect(200)["data"][0].clone();
    assert_eq!(one["services"], json!(["Phone", "Internet: DSL"]));
    assert_eq!(one["custom_fields"], json!({"contract": "One year"}));
    assert_eq!(
        one["annual_billing"],
        json!({"amount_minor": 188_950, "currency": "USD"})
    );
    assert_eq!(total(&manager, "/v1/customers?tag=two%20year&").await, 1695);
    // Ten days later the months say the same, and nothing changes.
    server.app.clock.advance(chrono::TimeDelta::days(10));
    let report = import(&server.manager(), "customers", &parameters, file)
        .await
        .expect(200);
    assert_eq!(figures(&report), [7043, 0, 0, 7043, 0]);
}

#[actix_web::test]
async fn bad_rows_are_told_and_good_ones_are_in() {
    let server = Server::start().await;
    let manager = server.manager();
    let file = b"id,name,since,revenue,currency,time zone,phone\r\n\
        1,Good,2020-01-31,\"1,234.50\",EUR,europe/berlin,somewhere\r\n\
        2,Bad date,2020-02-31,,,,\r\n\
        3,,,,,,\r\n\
        ,No id,,,,,\r\n\
        4,Caf\xe9,,,,,\r\n\
        5,Two faults,,many,USD,Mars/Base,\r\n\
        6,No currency,,12,,,\r\n\
        ,,,,,,\r\n\
        7,\"Also\r\ngood\",,,,,\r\n\
        8,Bad,x,,,,\r\n\
        9,Named by itself,,\"USD 1,200\",,,\r\n"
        .to_vec();
    let report = import(&manager, "customers", &[], file).await.expect(200);
    assert_eq!(figures(&report), [10, 2, 0, 0, 8], "{report}");
    let errors: Vec<_> = report["errors"].as_array().unwrap().iter().collect();
    let told: Vec<(u64, &str, &str)> = errors
        .iter()
        .map(|e| {
            (
                e["line"].as_u64().unwrap(),
                e["column"].as_str().unwrap_or(""),
                e["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (3, "since", "invalid_date"),
            (4, "name", "required"),
            (5, "id", "required"),
            (6, "name", "invalid_encoding"),
            (7, "time zone", "invalid_time_zone"),
            (7, "revenue", "invalid_number"),
            (8, "revenue", "required"),
            (10, "name", "invalid_text"),
            (12, "since", "invalid_date"),
        ]
    );
    assert_eq!(errors[0]["value"], "2020-02-31");
    let good = manager.get("/v1/customers?external_id=1").await.expect(200)["data"][0].clone();
    assert_eq!(good["time_zone"], "Europe/Berlin");
    assert_eq!(
        (good["phone"].clone(), good["flags"].clone()),
        (json!("somewhere"), json!(["phone_not_understood"]))
    );
    assert_eq!(good["annual_billing"]["amount_minor"], 123_450);
    let named = manager.get("/v1/customers?external_id=9").await.expect(200)["data"][0].clone();
    assert_eq!(
        named["annual_billing"],
        json!({"amount_minor": 120_000, "currency": "USD"})
    );
}

#[actix_web::test]
async fn a_blank_cell_leaves_unchanged_and_the_last_row_of_a_record_has_the_say() {
    let server = Server::start().await;
    let manager = server.manager();
    let send = async |file: &str| import(&manager, "customers", &[], file).await.expect(200);
    let report = send("id;name;city;country\n1;One;Ulm;Germany\n1;;Bonn;\n2;Two;;\n").await;
    assert_eq!(figures(&report), [3, 2, 1, 0, 0]);
    let one = async || manager.get("/v1/customers?external_id=1").await.expect(200)["data"][0].clone();
    assert_eq!(
        (one().await["city"].clone(), one().await["country"].clone()),
        (json!("Bonn"), json!("Germany"))
    );
    let warnings = report["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{report}");
    assert_eq!(
        ["line", "column", "value", "code"].map(|name| warnings[0][name].clone()),
        [json!(3), json!("id"), json!("1"), json!("repeated")]
    );
    let revision = one().await["revision"].clone();
    let report = send("id,city\n1,\n2,Köln\n").await;
    assert_eq!(figures(&report), [2, 0, 1, 1, 0]);
    assert_eq!(one().await["revision"], revision);
    let report = send("id,city\n3,Rom\n").await;
    assert_eq!(
        (figures(&report), report["errors"][0]["code"].clone()),
        ([1, 0, 0, 0, 1], json!("required"))
    );
}

#[actix_web::test]
async fn a_whole_file_is_one_stretch_of_revisions_and_safe_to_send_again() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut file = String::from("id,name\n");
    for at in 0..1203 {
        file.push_str(&format!("{at},Customer {at}\n"));
    }
    let send = async |key: &str, file: String| {
        let request = manager
            .request("POST", "/v1/customers/import")
            .header("content-type", "text/csv")
            .header("idempotency-key", key);
        manager.send(request.body(file)).await
    };
    let first = send("one", file.clone()).await;
    assert_eq!(figures(&first.clone().expect(200)), [1203, 1203, 0, 0, 0]);
    let again = send("one", file.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200), first.expect(200));
    file.push_str("x,y\n");
    assert_eq!(send("one", file).await.problem(422), "idempotency_key_reused");
    let revision = async |id: &str| {
        let page = manager
            .get(&format!("/v1/customers?external_id={id}"))
            .await
            .expect(200);
        page["data"][0]["revision"].as_i64().unwrap()
    };
    assert_eq!(revision("1202").await - revision("0").await, 1202);
    assert_eq!(total(&manager, "/v1/customers?").await, 1203);
}

#[actix_web::test]
async fn what_is_no_import_is_refused_before_anything_is_written() {
    let server = Server::start().await;
    let manager = server.manager();
    let refused = async |parameters: &[(&str, &str)], file: &[u8]| {
        let problem = import(&manager, "customers", parameters, file).await.expect(400);
        problem["errors"][0]["code"]
            .as_str()
            .unwrap_or(problem["code"].as_str().unwrap())
            .to_owned()
    };
    assert_eq!(refused(&[], b"").await, "malformed_request");
    assert_eq!(refused(&[], b"\xff\xfei\0d\0").await, "malformed_request");
    assert_eq!(refused(&[], b"name,city\nA,B\n").await, "required");
    assert_eq!(
        refused(&[], b"id,name\n1,\"One\n2,Two\n3,Three\n").await,
        "unclosed_quote"
    );
    assert_eq!(refused(&[], b"PK\x03\x04\x14\0").await, "malformed_request");
    assert_eq!(refused(&[], b"id,name,Name\n1,A,B\n").await, "duplicate_header");
    assert_eq!(refused(&[("mapping", "{")], b"id\n1\n").await, "invalid_value");
    assert_eq!(
        refused(&[("mapping", "{\"id\": \"colour\"}")], b"id\n1\n").await,
        "unknown_field"
    );
    assert_eq!(refused(&[("currency", "dollars")], b"id\n1\n").await, "too_long");
    let json = manager.post("/v1/customers/import", json!({})).await;
    assert_eq!(json.problem(415), "unsupported_media_type");
    let packed = manager
        .request("POST", "/v1/customers/import")
        .header("content-type", "text/csv");
    let packed = manager
        .send(packed.header("content-encoding", "gzip").body("id\n1\n"))
        .await;
    assert_eq!(packed.problem(415), "unsupported_media_type");
    assert_eq!(
        import(&server.executive(), "customers", &[], "id,name\n1,A\n")
            .await
            .status,
        403
    );
    let small = Server::start_with(|config| config.import_limit = 1000).await;
    let reply = import(&small.manager(), "customers", &[], "x".repeat(1001)).await;
    assert_eq!(reply.problem(413), "body_too_large");
}

#[actix_web::test]
async fn a_file_has_at_most_fifty_thousand_rows() {
    let server = Server::start().await;
    let manager = server.manager();
    // Rows without an id cost little: they fail, and are counted.
    let file = format!("id,name\n{}", ",x\n".repeat(50_001));
    assert_eq!(
        import(&manager, "customers", &[], file).await.problem(413),
        "body_too_large"
    );
}

#[actix_web::test]
async fn contacts_and_signals_find_their_customers() {
    let server = Server::start().await;
    let manager = server.manager();
    import(&manager, "customers", &[], "id,name\n1,One\n2,Twin\n3,Twin\n")
        .await
        .expect(200);
    let file = "email,company,full name\na@one.test,One,Ana\nb@one.test,Nobody,Bo\nc@one.test,Twin,Cy\nA@one.test,One,Ana B\nd@one.test,,Di\n";
    let report = import(&manager, "contacts", &[], file).await.expect(200);
    assert_eq!(figures(&report), [5, 1, 1, 0, 3], "{report}");
    let codes: Vec<_> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["code"].clone())
        .collect();
    assert_eq!(codes, ["not_found", "ambiguous", "required"]);
    assert_eq!(
        manager.get("/v1/contacts?email=a@one.test").await.expect(200)["data"][0]["name"],
        "Ana B"
    );

    let cases = "Case Number,Account ID,Subject,Date/Time Opened,Status\n7,1,Printer on fire,2026-03-01 10:00,New\n8,9,Lost,2026-03-01,New\n";
    let report = import(&manager, "signals", &[], cases).await.expect(200);
    assert_eq!(figures(&report), [2, 1, 0, 0, 1], "{report}");
    let case = manager.get("/v1/signals").await.expect(200)["data"][0].clone();
    assert_eq!(
        (case["kind"].clone(), case["status"].clone()),
        (json!("support_case"), json!("open"))
    );
    // Ten o'clock in the organization's own zone.
    assert_eq!(case["occurred_at"], "2026-03-01T09:00:00.000000Z");
    let closed = cases.replace("New", "Closed - resolved");
    let report = import(&manager, "signals", &[], closed).await.expect(200);
    assert_eq!(figures(&report), [2, 0, 1, 0, 1]);
}
