//! Problem codes: a closed set, each with one status and an explanation that a person can read.

use std::collections::BTreeSet;

use touchbase::refusal::Code;
use touchbase::routes;

use crate::source::none;
use crate::support::Server;

#[test]
fn every_problem_code_is_documented_and_has_one_status() {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for code in Code::ALL {
        let word = code.as_str();
        if !seen.insert(word) {
            faults.push(format!("{word} stands twice"));
        }
        if !word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_') {
            faults.push(format!("{word} is not in snake_case"));
        }
        if !(400..=599).contains(&code.status()) {
            faults.push(format!("{word} has the status {}", code.status()));
        }
        if code.title().is_empty() || code.explanation().trim().len() < 20 {
            faults.push(format!("{word} is not explained"));
        }
    }
    none("codes", &faults);
}

#[actix_web::test]
async fn every_problem_code_has_its_page() {
    if !routes::endpoints()
        .iter()
        .any(|endpoint| endpoint.path == "/problems/{code}")
    {
        return;
    }
    let server = Server::start().await;
    let mut faults = Vec::new();
    for code in Code::ALL {
        let reply = server.nobody().get(&format!("/problems/{code}")).await;
        if reply.status != 200 || !reply.text.contains(code.title()) {
            faults.push(format!("/problems/{code} answers {}", reply.status));
        }
    }
    none("pages", &faults);
    assert_eq!(server.nobody().get("/problems/made_up").await.problem(404), "not_found");
}
