//! Speaks: what the problem codes mean, a page each. `type` in a problem document leads here.

use actix_web::HttpResponse;

use crate::http::{Access, Endpoint, Path, Problem};
use crate::refusal::Code;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![list_problems: Access::Public, get_problem: Access::Public]
}

/// List the problem codes.
///
/// Every code that a problem document can carry, with its HTTP status: a page to read.
#[utoipa::path(get, path = "/problems", operation_id = "list_problems", tag = "service",
    responses((status = 200, description = "A page to read", body = String, content_type = "text/html")))]
async fn list_problems() -> HttpResponse {
    let rows: String = Code::ALL
        .iter()
        .map(|code| {
            format!(
                "<tr><td>{}</td><td><a href=\"/problems/{code}\"><code>{code}</code></a></td><td>{}</td></tr>\n",
                code.status(),
                text(code.title())
            )
        })
        .collect();
    page(
        "Problems",
        &format!(
            "<p>Whatever goes wrong, the answer is a problem document (RFC 9457) with one of these codes.</p>\n<table>\n<tr><th>status</th><th>code</th><th>meaning</th></tr>\n{rows}</table>"
        ),
    )
}

/// Read what a problem code means.
///
/// And what to do about it. The `type` of every problem document leads here.
#[utoipa::path(get, path = "/problems/{code}", operation_id = "get_problem", tag = "service",
    params(("code" = String, Path, description = "The code, as it stands in the problem document.", min_length = 1, max_length = 60, example = "not_found")),
    responses((status = 200, description = "A page to read", body = String, content_type = "text/html")))]
async fn get_problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::ALL
        .iter()
        .find(|known| known.as_str() == *code)
        .ok_or_else(|| Problem::new(Code::NotFound, "There is no such code. All of them stand at /problems."))?;
    Ok(page(
        code.title(),
        &format!(
            "<p><code>{code}</code>, HTTP status {}</p>\n<p>{}</p>\n<p><a href=\"/problems\">All problems</a></p>",
            code.status(),
            marked(code.explanation())
        ),
    ))
}

/// Text as HTML shows it.
fn text(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Every second part between backticks is code.
fn marked(plain: &str) -> String {
    text(plain.trim())
        .split('`')
        .enumerate()
        .map(|(at, part)| {
            if at % 2 == 1 {
                format!("<code>{part}</code>")
            } else {
                part.to_owned()
            }
        })
        .collect()
}

fn page(title: &str, body: &str) -> HttpResponse {
    let title = text(title);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} · Touchbase</title>\n<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }} td, th {{ text-align: left; padding-right: 1.5rem }}</style></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
        ))
}
