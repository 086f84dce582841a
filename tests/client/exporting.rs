//! Lists and reports, to files, pipes and people.

use std::process::Command;

use crate::desk::{Desk, fed};
use crate::support::proxy::Proxy;

#[actix_web::test]
async fn a_list_is_written_out_with_its_filters() {
    let desk = Desk::with_customers(450).await;
    let all = desk.run(&["export", "customers"]).good();
    assert_eq!((all.out.lines().count(), all.err.as_str()), (451, ""));
    assert!(all.out.starts_with("id,"));
    let one = [
        "export",
        "customers",
        "--filter",
        "external_id=C-7",
        "--format",
        "ndjson",
    ];
    let one = desk.run(&one).good().json();
    assert_eq!(one["name"], "Customer 7");
    let two = [
        "export",
        "customers",
        "--filter",
        "external_id_in=C-1,C-2",
        "--fields",
        "name",
        "--sort",
        "-name",
    ];
    let two = desk.run(&two).good().out;
    let names: Vec<&str> = two.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(names, ["name", "Customer 2", "Customer 1"]);
    desk.run(&["export", "nps_responses"]).good();

    let file = desk.home.path().join("all.csv");
    let path = file.display().to_string();
    desk.run(&["export", "customers", "-o", &path])
        .good()
        .says("customers are in");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), all.out);
    let told = desk.run(&["export", "customers", "-o", &path, "--json"]).good().json();
    assert_eq!(told["bytes"], all.out.len());

    desk.run(&["export", "customers", "--filter", "colour=blue"])
        .code(1)
        .says("colour");
    desk.run(&["export", "customers", "--filter", "colour"]).code(2);
    desk.run(&["export", "weather"]).code(1);
    desk.run(&["export", "customers?limit=1"]).code(2);
    desk.run(&["export", "customers", "-o", "/dev/null"])
        .code(1)
        .says("is no file");
    let nowhere = desk
        .run(&["export", "customers", "-o", "/no/such/folder/a.csv", "--json"])
        .code(1);
    assert_eq!(nowhere.problem()["code"], "file");
}

#[test]
fn all_lists_that_there_are_are_told() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let document: serde_json::Value = serde_json::from_slice(&std::fs::read(document).unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let lists = paths
        .iter()
        .filter(|(_, path)| !path["get"]["responses"]["200"]["content"]["text/csv"].is_null())
        .filter_map(|(path, _)| path.strip_prefix("/v1/"))
        .filter(|path| !path.starts_with("reports/"));
    let mut lists: Vec<String> = lists.map(|list| list.replace("{id}", "ID")).collect();
    lists.sort();
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchbase"));
    command.arg("export");
    let told = format!("There are {}.", lists.join(", "));
    fed(command, "").code(2).says(&told);
}

#[actix_web::test]
async fn whoever_has_read_enough_may_close_the_pipe() {
    let desk = Desk::with_customers(5_000).await;
    let program = env!("CARGO_BIN_EXE_touchbase");
    let mut shell = Command::new("bash");
    let script = format!("set -o pipefail; {program} export customers | head -n 1; echo ${{PIPESTATUS[0]}}");
    shell.args(["-c", &script]).env("XDG_CONFIG_HOME", desk.home.path());
    let ran = fed(shell, "").good();
    assert_eq!((ran.err.as_str(), ran.out.lines().last()), ("", Some("0")));
    assert_eq!(ran.out.lines().count(), 2);
}

#[actix_web::test]
async fn a_list_that_breaks_off_is_begun_anew_or_told() {
    let desk = Desk::with_customers(2_000).await;
    let whole = desk.run(&["export", "customers"]).good().out;
    let proxy = Proxy::before(&[&desk.running.url]);
    desk.login(&["--server", &proxy.url, "--profile", "far"]).good();
    let file = desk.home.path().join("all.csv");
    let path = file.display().to_string();
    proxy.cut("GET /v1/customers", 20_000, 2);
    desk.run(&["export", "customers", "--profile", "far", "-o", &path])
        .good();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
    std::fs::remove_file(&file).unwrap();
    proxy.cut("GET /v1/customers", 20_000, 100);
    desk.run(&["export", "customers", "--profile", "far", "-o", &path])
        .code(5)
        .says("broke off");
    assert!(!file.exists());
    let left = std::fs::read_dir(desk.home.path()).unwrap().flatten();
    assert!(
        !left
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(".touchbase"))
    );
    let part = desk
        .run(&["export", "customers", "--profile", "far"])
        .code(5)
        .says("not whole");
    assert!(!part.out.is_empty() && whole.starts_with(&part.out));
}

#[actix_web::test]
async fn every_report_is_a_table_a_spreadsheet_and_a_document() {
    let desk = Desk::with_customers(3).await;
    for report in ["nps", "activity", "habit", "action-items", "callbacks", "proactivity"] {
        let table = desk.run(&["report", report]).good().out;
        let (days, table) = table.split_once("\n\n").unwrap();
        assert!(days.starts_with("From 2") && days.contains(" to 2"), "{report}: {days}");
        assert!(
            table.starts_with("group") && !table.contains(days.get(5..15).unwrap()),
            "{report}: {table}"
        );
        let csv = desk.run(&["report", report, "--csv"]).good().out;
        assert!(csv.starts_with("group,id,name,"), "{report}: {csv}");
        let days = ["report", report, "--json", "--from", "2026-01-01", "--to", "2026-03-31"];
        let document = desk.run(&days).good().json();
        assert!(document.is_object(), "{report}: {document}");
    }
    desk.run(&["report", "nps", "--from", "2026-03-01", "--to", "2026-01-01"])
        .code(1)
        .says("lies after");
    desk.run(&["report", "nps", "--from", "March"]).code(2);
    desk.run(&["report", "weather"]).code(2);
}
