//! Large documents in S3: an object each, below `blobs/`.
//!
//! Two requests are all that is needed, so they are written here, and signed and sent by what calls every other service.

use crate::meter::Meter;
use calls::{CallError, Scope, Signer};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use ports::BlobError;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// A bucket of S3. Its encryption and its lifecycle are those of the bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    signer: Arc<Signer>,
    name: Arc<str>,
    meter: Option<Meter>,
}

/// An attempt of so long has failed; what is sent or read has hardly a megabyte.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses before further attempts; which part of it is random, so that many do not come back at once.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];
/// What requests are signed for when only an endpoint is set, as emulators expect.
const REGION_OF_NO_REGION: &str = "us-east-1";

impl Bucket {
    /// Returns a bucket by its name; uses no network.
    pub fn new(signer: Arc<Signer>, name: impl Into<Arc<str>>) -> Bucket {
        Bucket {
            signer,
            name: name.into(),
            meter: None,
        }
    }

    /// Returns the same bucket, whose requests this meter counts.
    pub fn metered(self, meter: Option<Meter>) -> Bucket {
        Bucket { meter, ..self }
    }

    /// Stores compressed bytes. Under one name it is always the same ones, so that storing again is harmless.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        if let Some(meter) = &self.meter {
            meter.bucket_put();
        }
        let answer = self.ask(&Method::PUT, name, bytes).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(self.refused("PutObject", name, &answer))
    }

    /// Reads an object; `None` when there is none.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BlobError> {
        if let Some(meter) = &self.meter {
            meter.bucket_got();
        }
        let answer = self.ask(&Method::GET, name, Vec::new()).await?;
        match answer.status() {
            status if status.is_success() => Ok(Some(answer.into_body())),
            StatusCode::NOT_FOUND if code(&answer) == "NoSuchKey" => Ok(None),
            _ => Err(self.refused("GetObject", name, &answer)),
        }
    }

    async fn ask(&self, method: &Method, name: &str, body: Vec<u8>) -> Result<Response<Vec<u8>>, BlobError> {
        let (url, scope) = self.place(name)?;
        let mut pauses = PAUSES.iter();
        loop {
            let mut request = Request::new(body.clone());
            *request.method_mut() = method.clone();
            *request.uri_mut() = url
                .parse()
                .map_err(|error| BlobError(format!("`{url}` is not a URL: {error}")))?;
            if *method == Method::PUT {
                let headers = request.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
            }
            let answer = self.signer.fetch(request, &scope, ATTEMPT_TIMEOUT).await;
            let again = match &answer {
                Ok(answer) => passes(answer),
                Err(CallError::NotSent(_) | CallError::Unknown(_)) => true,
                Err(CallError::Refused(_) | CallError::Service { .. }) => false,
            };
            match pauses.next() {
                Some(pause) if again => tokio::time::sleep(random_part(*pause)).await,
                _ => return answer.map_err(|error| BlobError(error.to_string())),
            }
        }
    }

    /// Returns the URL of an object, and what requests for it are signed for.
    fn place(&self, name: &str) -> Result<(String, Scope), BlobError> {
        let region = self.signer.region();
        let key = key(name);
        let bucket = &self.name;
        let url = match (self.signer.endpoint("S3"), region) {
            // An endpoint that somebody set is one host, which need not have others beside it.
            (Some(endpoint), _) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
            (None, None) => {
                return Err(BlobError(format!(
                    "no Region is set for the bucket `{bucket}`; set `AWS_REGION` or the profile's `region`"
                )));
            }
            (None, Some(region)) => {
                let suffix = match region.starts_with("cn-") {
                    true => "amazonaws.com.cn",
                    false => "amazonaws.com",
                };
                // A name with dots has no certificate as a host.
                match bucket.contains('.') {
                    true => format!("https://s3.{region}.{suffix}/{bucket}/{key}"),
                    false => format!("https://{bucket}.s3.{region}.{suffix}/{key}"),
                }
            }
        };
        let scope = Scope {
            name: "s3".to_owned(),
            region: region.unwrap_or(REGION_OF_NO_REGION).to_owned(),
        };
        Ok((url, scope))
    }

    fn refused(&self, operation: &str, name: &str, answer: &Response<Vec<u8>>) -> BlobError {
        let text = String::from_utf8_lossy(answer.body());
        let message = element(&text, "Message").unwrap_or_default();
        BlobError(format!(
            "`{operation}` of `{}` in the bucket `{}`: {} {message} (status {})",
            key(name),
            self.name,
            code(answer),
            answer.status().as_u16()
        ))
    }
}

/// Whether S3 may well answer otherwise in a moment: it is overloaded or at fault, or the request came too slowly.
fn passes(answer: &Response<Vec<u8>>) -> bool {
    let status = answer.status();
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || ["RequestTimeout", "OperationAborted"].contains(&code(answer).as_str())
}

fn code(answer: &Response<Vec<u8>>) -> String {
    let text = String::from_utf8_lossy(answer.body());
    element(&text, "Code").unwrap_or("no code").to_owned()
}

/// Returns the text of the first element of a name; S3's errors have two that matter, and neither is nested.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}

/// Returns the key of a blob as a path of a URL.
fn key(name: &str) -> String {
    let mut key = String::from("blobs/");
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                key.push(char::from(byte))
            }
            // Writing to a text cannot fail.
            other => _ = write!(key, "%{other:02X}"),
        }
    }
    key
}

/// Returns between half and all of a pause.
fn random_part(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness they come back at once, which is only less good.
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause * u32::from(byte[0]) / 510
}

#[cfg(test)]
mod tests;
