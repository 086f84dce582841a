//! A real list: Northwind's 93 companies are assigned across its nine users in one bulk request.

use serde_json::json;

use crate::support::Server;

fn path(file: &str) -> String {
    format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn rows(file: &str) -> Vec<csv::StringRecord> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    let text = text.trim_start_matches('\u{feff}').to_owned();
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(Result::unwrap)
        .collect()
}

#[actix_web::test]
async fn ninety_three_companies_go_to_nine_users_in_one_request() {
    let server = Server::start().await;
    let manager = server.manager();
    let (companies, users) = (rows("northwind-companies.hubspot.csv"), rows("northwind-users.csv"));
    assert_eq!((companies.len(), users.len()), (93, 9));
    let admin = server.admin();
    for (kind, file) in [
        ("users", "northwind-users.csv"),
        ("customers", "northwind-companies.hubspot.csv"),
    ] {
        let file = std::fs::read(path(file)).unwrap();
        let report = admin.csv(&format!("/v1/{kind}/import"), file).await.expect(200);
        assert_eq!(report["failed"], 0, "{report}");
    }
    // Who is to call needs the role for it: Laura came as a contributor.
    let laura = admin
        .get("/v1/users?email=laura.callahan@northwind.test")
        .await
        .expect(200)["data"][0]
        .clone();
    let laura = format!("/v1/users/{}", laura["id"].as_str().unwrap());
    admin.patch(&laura, json!({"role": "executive"})).await.expect(200);
    let pairs = companies.iter().zip(users.iter().cycle());
    let mut file = String::from("customer_external_id,assignee_email,due_on,reason\r\n");
    for (company, user) in pairs {
        file.push_str(&format!(
            "{},{},2026-12-31,\"{}, a customer of long standing\"\r\n",
            &company[0],
            &user[0],
            company[1].replace('"', "\"\"")
        ));
    }
    let request = manager
        .request("POST", "/v1/assignments/bulk")
        .header("content-type", "text/csv")
        .header("idempotency-key", "northwind")
        .body(file);
    let made = manager.send(request).await.expect(201);
    assert_eq!(made["created"], 93);
    let page = manager
        .get("/v1/assignments?limit=200&expand=customer,assignee")
        .await
        .expect(200);
    let listed = page["data"].as_array().unwrap();
    assert_eq!(listed.len(), 93);
    for (at, user) in users.iter().enumerate() {
        let own = listed
            .iter()
            .filter(|assignment| assignment["assignee"]["email"] == user[0])
            .count();
        assert_eq!(own, if at < 3 { 11 } else { 10 }, "{}", &user[0]);
    }
    let alfreds = listed
        .iter()
        .find(|assignment| assignment["customer"]["external_id"] == "ALFKI")
        .unwrap();
    assert_eq!(alfreds["reason"], "Alfreds Futterkiste, a customer of long standing");
    let batch = format!("/v1/assignment-batches/{}", made["batch_id"].as_str().unwrap());
    assert_eq!(
        manager.post(&format!("{batch}/revert"), json!(null)).await.expect(200)["reverted"],
        93
    );
}
