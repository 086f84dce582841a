//! Assigning many, over connections that break.

use serde_json::Value;

use crate::desk::Desk;
use crate::support::proxy::Proxy;
use crate::support::running::signed_in;

fn pairs(rows: std::ops::RangeInclusive<usize>) -> String {
    let whom = |at: usize| if at.is_multiple_of(2) { "nancy" } else { "andrew" };
    rows.map(|at| format!("C-{at},{}@northwind.test\n", whom(at))).collect()
}

const HEADING: &str = "customer_external_id,assignee_email\n";

#[actix_web::test]
async fn thirty_thousand_are_assigned_once_however_often_the_connection_breaks() {
    let desk = Desk::with_customers(30_000).await;
    let proxy = Proxy::before(&[&desk.running.url]);
    desk.login(&["--server", &proxy.url, "--profile", "far"]).good();
    let file = desk.file("pairs.csv", format!("{HEADING}{}", pairs(1..=30_000)));
    let bulk = "POST /v1/assignments/bulk";
    let assign = ["assign", "--profile", "far", "--json", &file];
    proxy.cut(bulk, 0, 2);
    let done = desk.run(&assign).good().json();
    assert_eq!(
        (&done["rows"], &done["created"], &done["failed"]),
        (&30_000.into(), &30_000.into(), &0.into())
    );
    assert_eq!(done["batch_ids"].as_array().unwrap().len(), 3);
    assert_eq!(done["results"][29_999]["line"], 30_001);
    assert_eq!(proxy.seen(bulk), 5);
    assert_eq!(desk.count("assignments"), 30_000);

    let again = desk.run(&assign).good().json();
    assert_eq!(
        (&again["created"], &again["replayed"]),
        (&30_000.into(), &30_000.into())
    );
    assert_eq!(again["batch_ids"], done["batch_ids"]);
    assert_eq!(desk.count("assignments"), 30_000);
}

#[actix_web::test]
async fn what_was_undone_is_assigned_anew() {
    let desk = Desk::with_customers(10).await;
    let file = desk.file("pairs.ndjson", lines(1..=10));
    let assign = ["assign", &file, "--json"];
    for round in 0..3 {
        let done = desk.run(&assign).good().json();
        assert_eq!(
            (&done["created"], &done["replayed"]),
            (&10.into(), &0.into()),
            "{round}"
        );
        let batch = done["batch_ids"][0].as_str().unwrap();
        let path = format!("/v1/assignment-batches/{batch}/revert");
        signed_in(&desk.running.url)
            .await
            .post(&path, Value::Null)
            .await
            .expect(200);
    }
    desk.run(&["assign", &file]).good().says("10 of 10 rows assigned.");
    desk.run(&["assign", &file]).good().says("not sent twice");
    // As something new, each meets the one that stands.
    desk.run(&["assign", "--again", &file]).code(1).says("line 1");
}

fn lines(rows: std::ops::RangeInclusive<usize>) -> String {
    let line =
        |at| format!("{{\"customer_external_id\": \"C-{at}\", \"assignee_email\": \"nancy@northwind.test\"}}\n\n");
    rows.map(line).collect()
}

#[actix_web::test]
async fn all_or_nothing_or_each_row_for_itself() {
    let desk = Desk::with_customers(10).await;
    let bad = "C-4,nobody@northwind.test\nC-99,nancy@northwind.test\nC-5\n";
    let text = format!("\u{feff}{HEADING}\n{}{bad}{}", pairs(1..=3), pairs(6..=7));
    let file = desk.file("pairs.csv", &text);
    let refused = desk.run(&["assign", &file, "--json"]).code(1).problem();
    let lines: Vec<u64> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [6, 7, 8]);
    assert_eq!(
        (&refused["code"], &refused["created"]),
        (&"unprocessable".into(), &0.into())
    );
    desk.run(&["assign", &file])
        .code(1)
        .says("line 6 assignee_email: ")
        .says("Line 8 has 1 cells");
    assert_eq!(desk.count("assignments"), 0);

    let partial = desk.run(&["assign", "--partial", &file, "--json"]).code(4);
    assert_eq!(partial.err, "");
    let partial = partial.json();
    assert_eq!((&partial["created"], &partial["failed"]), (&5.into(), &3.into()));
    assert_eq!(
        (&partial["results"][0]["line"], &partial["results"][0]["status"]),
        (&3.into(), &"created".into())
    );
    assert_eq!(
        (&partial["results"][4]["line"], &partial["results"][4]["status"]),
        (&7.into(), &"failed".into())
    );
    let told = desk.run_with(&["assign", "--partial", "-"], &text).code(4);
    told.says("5 of 8 rows assigned.")
        .says("line 7: ")
        .says("`--again` sends them as new");

    let header = desk.run_with(&["assign", "-", "--format", "csv"], HEADING).good();
    header.says("0 of 0 rows assigned.");
}

#[actix_web::test]
async fn what_is_refused_later_is_mended_and_goes_on() {
    let desk = Desk::with_customers(9).await;
    let broken = format!("{HEADING}{}C-77,nancy@northwind.test\n{}", pairs(1..=4), pairs(6..=9));
    let file = desk.file("pairs.csv", broken);
    let assign = ["assign", "--rows-per-request", "3", &file];
    let refused = desk.run(&assign).code(1).says("line 6 customer_external_id");
    refused.says("3 rows are assigned. Mend it and run it again");
    assert_eq!(desk.count("assignments"), 3);
    desk.file("pairs.csv", format!("{HEADING}{}", pairs(1..=9)));
    desk.run(&assign)
        .good()
        .says("9 of 9 rows assigned, in 3 requests. 3 rows had been sent before");
    assert_eq!(desk.count("assignments"), 9);
}

#[actix_web::test]
async fn a_table_of_a_german_spreadsheet_is_read_and_a_wrong_column_is_told_once() {
    let desk = Desk::with_customers(9).await;
    let table = |rows: String| format!("\u{feff}{}", format!("{HEADING}{rows}").replace(',', ";"));
    desk.run_with(&["assign", "-"], table(pairs(1..=3)))
        .good()
        .says("3 of 3 rows assigned.");
    let named = format!(
        "customer_external_id,assignee_email,customer_name\n{}",
        pairs(4..=9).replace('\n', ",X\n")
    );
    let refused = desk.run_with(&["assign", "-"], named).code(1);
    let refused = refused.says("line 2 customer_name: ").says("(and in 5 more places)");
    assert_eq!(
        refused.err.matches("customer_name` is not a field").count(),
        1,
        "{}",
        refused.err
    );
    let days = "customer_external_id,assignee_email,due_on\nC-4,nancy@northwind.test,soon\n";
    desk.run_with(&["assign", "--partial", "-"], days)
        .code(4)
        .says("line 2: due_on: ");
}

#[actix_web::test]
async fn an_open_quote_swallows_no_rows() {
    let desk = Desk::with_customers(9).await;
    let rows = "customer_external_id,assignee_email,reason\nC-1,nancy@northwind.test,New\nC-2,nancy@northwind.test,\"Silent\nC-3,nancy@northwind.test,New\n";
    desk.run_with(&["assign", "--partial", "--rows-per-request", "1", "-"], rows)
        .code(1)
        .says("Line 3: a quote is opened here that is never closed");
    assert_eq!(desk.count("assignments"), 0);
}
