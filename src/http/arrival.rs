//! Bodies on their way in: within a limit and a time; whole in memory, or as a file on disk.

use std::fs::File;
use std::future::{Ready, ready};
use std::io::Write as _;
use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;

use super::{Problem, idempotency};
use crate::refusal::Code;

/// So much of a file is held in memory before it goes to disk.
const HELD: usize = 1 << 20;

/// A file that a request brought: in an anonymous temporary file, read from its beginning.
#[derive(Debug)]
pub struct Upload(pub File);

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let upload = request.extensions_mut().remove::<Self>();
        ready(upload.ok_or_else(|| Problem::new(Code::Malformed, "This request needs a file as its body.")))
    }
}

/// A body, whole.
pub(super) async fn read(request: &mut ServiceRequest, limit: usize, seconds: u64) -> Result<Bytes, Problem> {
    let mut body = BytesMut::with_capacity(announced(request).unwrap_or(0).min(limit));
    arrive(request, limit, seconds, async |chunk| {
        body.extend_from_slice(&chunk);
        Ok(())
    })
    .await?;
    Ok(body.freeze())
}

/// A body as a file, and the fingerprint of the request with it.
pub(super) async fn spool(
    request: &mut ServiceRequest,
    limit: usize,
    seconds: u64,
    secret: &[u8],
) -> Result<(Upload, Vec<u8>), Problem> {
    let mut fingerprint = idempotency::Fingerprint::begin(request, secret)?;
    let mut held = Vec::new();
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut length = 0;
    arrive(request, limit, seconds, async |chunk| {
        fingerprint.update(&chunk);
        length += chunk.len();
        held.extend_from_slice(&chunk);
        if held.len() >= HELD {
            file = written(&file, std::mem::take(&mut held)).await?;
        }
        Ok(())
    })
    .await?;
    if length == 0 {
        return Err(Problem::new(
            Code::Malformed,
            "This request needs a file as its body; it is empty.",
        ));
    }
    let mut file = written(&file, held).await?;
    std::io::Seek::rewind(&mut file).map_err(failed)?;
    Ok((Upload(file), fingerprint.finish()))
}

/// Writes without holding up other requests of this thread.
async fn written(file: &File, bytes: Vec<u8>) -> Result<File, Problem> {
    let mut file = file.try_clone().map_err(failed)?;
    let wrote = actix_web::web::block(move || file.write_all(&bytes).map(|()| file)).await;
    wrote.map_err(|error| Problem::internal(&error))?.map_err(failed)
}

fn failed(error: std::io::Error) -> Problem {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Problem::new(
            Code::StorageFull,
            "The server's disk is full. Reading goes on; writing resumes when there is room.",
        ),
        _ => Problem::internal(&error),
    }
}

fn announced(request: &ServiceRequest) -> Option<usize> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

pub(super) fn too_large(limit: usize) -> Problem {
    Problem::new(
        Code::TooLarge,
        format!("This endpoint takes at most {limit} bytes. Send it in parts."),
    )
}

/// Refuses a body that says itself that it is too large.
pub(super) fn announced_within(request: &ServiceRequest, limit: usize) -> Result<(), Problem> {
    match announced(request) {
        Some(length) if length > limit => Err(too_large(limit)),
        Some(_) | None => Ok(()),
    }
}

async fn arrive(
    request: &mut ServiceRequest,
    limit: usize,
    seconds: u64,
    mut take: impl AsyncFnMut(Bytes) -> Result<(), Problem>,
) -> Result<(), Problem> {
    announced_within(request, limit)?;
    let mut payload = request.take_payload();
    let arrival = async {
        let mut length = 0;
        while let Some(chunk) = payload.next().await {
            let chunk =
                chunk.map_err(|error| Problem::new(Code::Malformed, format!("The body broke off: {error}.")))?;
            length += chunk.len();
            if length > limit {
                return Err(too_large(limit));
            }
            take(chunk).await?;
        }
        Ok(())
    };
    match tokio::time::timeout(Duration::from_secs(seconds), arrival).await {
        Ok(arrived) => arrived,
        Err(_) => Err(Problem::new(
            Code::BodyTimeout,
            format!("The body did not arrive within {seconds} seconds."),
        )),
    }
}
