//! Importing files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::desk::{Desk, fed, joined};
use crate::support::proxy::Proxy;

const COMPANIES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/northwind-companies.hubspot.csv"
);
const USERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/northwind-users.csv");

#[actix_web::test]
async fn files_are_imported_and_what_does_not_fit_is_told() {
    let desk = Desk::signed_in().await;
    desk.run(&["import", "users", USERS]).good().says("9 created");
    desk.run(&["import", "customers", COMPANIES, "--dry-run"])
        .good()
        .says("Nothing was written");
    assert_eq!(desk.count("customers"), 0);
    let report = desk.run(&["import", "customers", COMPANIES, "--json"]).good().json();
    let figures = (&report["processed_rows"], &report["outcome"]["created"]);
    assert_eq!(figures, (&93.into(), &93.into()));
    desk.run(&["import", "customers", COMPANIES])
        .good()
        .says("93 unchanged");

    let bad = desk.file(
        "bad.csv",
        "external_id,name,customer_since\nA,Alfreds,2020-01-02\nB,Bottom,tomorrow\n,Nobody,\n",
    );
    let ran = desk
        .run(&["import", "customers", &bad])
        .code(4)
        .says("line 3, customer_since");
    assert_eq!(ran.err, "");
    let report = desk.run(&["import", "customers", &bad, "--json"]).code(4).json();
    assert_eq!(report["errors"][0]["line"], 3);
    let errors = desk.home.path().join("errors.csv").display().to_string();
    desk.run(&["import", "customers", &bad, "--errors", &errors]).code(4);
    let errors = std::fs::read_to_string(errors).unwrap();
    assert!(errors.contains("tomorrow"), "{errors}");
    let queued = desk
        .run(&["import", "customers", COMPANIES, "--no-wait", "--json"])
        .good()
        .json();
    let job = ["job", queued["id"].as_str().unwrap(), "--wait"];
    desk.run(&job)
        .good()
        .says("93 rows: 0 created, 0 updated, 93 unchanged");
    let line = "{\"external_id\": \"N-1\", \"name\": \"Of a line\"}\n";
    desk.run_with(&["import", "customers", "-"], line)
        .good()
        .says("1 created");
    let order = "order_id,customer_external_id,occurred_on,amount,currency\nO-1,A,2026-03-01,12.50,EUR\n";
    desk.run_with(&["import", "signals", "-"], order)
        .good()
        .says("1 created");
    let contacts = "external_id,customer_external_id,name\nC-1,A,Maria Anders\n";
    desk.run_with(&["import", "contacts", "-"], contacts)
        .good()
        .says("1 created");
    let renamed = "number,what\nA,Alfreds Futterkiste\n";
    let mapping = "{\"number\": \"external_id\", \"what\": \"name\"}";
    desk.run_with(&["import", "customers", "-", "--mapping", mapping], renamed)
        .good()
        .says("1 updated");
}

#[actix_web::test]
async fn what_a_column_was_not_used_for_is_told_and_an_import_is_taken_back() {
    let desk = Desk::signed_in().await;
    let file = desk.file(
        "some.csv",
        "external_id,name,E-Mail,Shoe size\nA,Alfreds,a@b.test,44\n,,c@d.test,\n",
    );
    let unused = "Columns that were not used: `E-Mail`, `Shoe size`.";
    let ran = desk
        .run(&["import", "customers", &file, "--dry-run"])
        .code(4)
        .says(unused);
    assert!(!ran.out.contains("touchbase undo"), "{ran:?}");
    let queued = desk.run(&["import", "customers", &file, "--no-wait", "--json"]).good();
    let id = queued.json()["id"].as_str().unwrap().to_owned();
    desk.run(&["job", &id, "--wait"])
        .code(4)
        .says("2 rows: 1 created, 0 updated, 0 unchanged, 1 failed.")
        .says(&format!("touchbase export imports/{id}/errors"))
        .says(&format!("touchbase undo {id}"));
    desk.run(&["export", &format!("imports/{id}/errors")])
        .good()
        .says("required");
    desk.run(&["job", &id, "--cancel"]).code(1);
    assert_eq!(desk.count("customers"), 1);
    desk.run(&["undo", &id])
        .good()
        .says("1 removed, 0 restored, 0 left as they are.");
    assert_eq!(desk.count("customers"), 0);
    desk.run(&["undo", &id]).good().says("1 removed");
    let again = desk.run(&["import", "customers", &file]).code(4).says(unused);
    let id = again
        .out
        .split("touchbase undo ")
        .nth(1)
        .unwrap()
        .split('`')
        .next()
        .unwrap()
        .to_owned();
    let undone = desk.run(&["undo", &id, "--json"]).good().json();
    assert_eq!(undone["outcome"]["undone"]["removed"], 1);
    desk.run(&["undo", "00000000-0000-7000-8000-000000000000"]).code(1);
    let told = desk.run(&["export", "customers", "--filter", "colour=blue"]).code(1);
    assert!(!told.err.contains("`errors`"), "{told:?}");
}

#[actix_web::test]
async fn what_is_wrong_is_counted_where_there_is_too_much_to_keep() {
    let desk = Desk::signed_in().await;
    let rows = "A,Alfreds,tomorrow,twelve\n".repeat(5_001);
    let bad = desk.file(
        "bad.csv",
        format!("external_id,name,customer_since,annual_billing\n{rows}"),
    );
    let ran = desk
        .run(&["import", "customers", &bad, "--currency", "EUR"])
        .code(4)
        .says("5001 failed");
    ran.says("Of 10002 errors the server keeps the first 10000: mend those");
}

#[actix_web::test]
async fn files_that_are_none_are_refused_before_anything_is_sent() {
    let desk = Desk::signed_in().await;
    let empty = desk.file("empty.csv", "");
    let blank = desk.file("blank.csv", "\n\n  \n");
    for command in ["import customers", "assign"] {
        let command: Vec<&str> = command.split(' ').collect();
        desk.run(&joined(&command, &[&empty]))
            .code(1)
            .says("empty.csv is empty");
        desk.run(&joined(&command, &[&blank])).code(1).says("is empty");
        desk.run_with(&joined(&command, &["-"]), "")
            .code(1)
            .says("Standard input is empty");
        desk.run(&joined(&command, &["/no/such/file.csv"]))
            .code(1)
            .says("/no/such/file.csv cannot be used");
        desk.run(&joined(&command, &["/"])).code(1).says("is a folder");
        assert_eq!(
            desk.run(&joined(&command, &[&empty, "--json"])).code(1).problem()["code"],
            "empty_file"
        );
    }
    let not_text = desk.file("binary.csv", b"external_id,name\nA,\xff\xfe\n");
    desk.run(&["import", "customers", &not_text]).code(4).says("line 2");
}

#[actix_web::test]
async fn a_file_may_have_any_name_and_a_pipe_is_a_file() {
    let desk = Desk::signed_in().await;
    let name = desk.home.path().join(OsStr::from_bytes(b"Kunden-\xfc\xff \n.csv"));
    std::fs::write(&name, "external_id,name\nA,Alfreds\n").unwrap();
    let mut command = desk.command(&["import", "customers"]);
    command.arg(&name);
    fed(command, "").good().says("1 created");
    let mut command = desk.command(&["export", "customers", "--output"]);
    let written = desk.home.path().join(OsStr::from_bytes(b"out-\xff.csv"));
    command.arg(&written);
    fed(command, "").good();
    assert_eq!(std::fs::read_to_string(&written).unwrap().lines().count(), 2);
    let program = env!("CARGO_BIN_EXE_touchbase");
    let mut shell = std::process::Command::new("bash");
    shell
        .args([
            "-c",
            &format!("{program} import customers <(printf 'external_id,name\\nB,Bottom\\n')"),
        ])
        .env("XDG_CONFIG_HOME", desk.home.path());
    fed(shell, "").good().says("1 created");
}

#[actix_web::test]
async fn an_import_whose_answer_is_lost_is_not_done_twice() {
    let desk = Desk::bare().await;
    let proxy = Proxy::before(&[&desk.running.url]);
    desk.login(&["--server", &proxy.url]).good();
    proxy.cut("POST /v1/", 0, 2);
    let customers = "external_id,name\nA,Alfreds\n";
    let ran = desk.run_with(&["import", "customers", "-"], customers).good();
    // What is done a second time has nothing left to create.
    ran.says("1 created");
    assert_eq!(desk.count("customers"), 1);
}

#[actix_web::test]
async fn assignments_and_answers_of_a_survey_tool_come_in_files_too() {
    let desk = Desk::with_customers(3).await;
    let file = "Customer ID,Executive,Due date\nC-1,nancy@northwind.test,2030-01-07\nC-9,nancy@northwind.test,\n";
    let ran = desk.run_with(&["import", "assignments", "-"], file).code(4);
    ran.says("1 created").says("line 3, Customer ID");
    let file = "Response ID,Email,Company,NPS,Submitted at\nr1,,Customer 2,3,2026-03-02T10:00:00Z\n";
    desk.run_with(&["import", "nps-responses", "-"], file)
        .good()
        .says("1 created");
    desk.run_with(&["import", "nps-responses", "-"], file)
        .good()
        .says("1 unchanged");
    assert_eq!((desk.count("assignments"), desk.count("nps-responses")), (1, 1));
}
