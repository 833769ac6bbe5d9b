use super::{Bucket, key, random_part};
use crate::journal::Retention;
use calls::{AccessKey, Settings, Signer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// An S3 that gives these answers one after another, and keeps the heads of the requests.
async fn s3(answers: Vec<(u16, &'static str)>) -> (Bucket, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 65_536];
            let count = stream.read(&mut bytes).await.unwrap();
            let head = String::from_utf8_lossy(&bytes[..count]).into_owned();
            seen.lock().unwrap().push(head);
            // No status: the connection is lost after the request was sent.
            if status > 0 {
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (bucket(Some(&url), Some("eu-west-1"), "documents").await, heads)
}

async fn bucket(endpoint: Option<&str>, region: Option<&str>, name: &str) -> Bucket {
    let signer = Signer::from_env(Settings {
        region: region.map(str::to_owned),
        endpoint_url: endpoint.map(str::to_owned),
        variables: Some(BTreeMap::new()),
        access_key: Some(AccessKey {
            id: "AKIDEXAMPLE".to_owned(),
            secret: "secret".to_owned(),
            session_token: None,
        }),
        ..Settings::default()
    })
    .await;
    Bucket::new(Arc::new(signer), name)
}

#[tokio::test]
async fn a_document_is_put_with_the_hash_of_its_bytes_in_the_signature() {
    let (bucket, heads) = s3(vec![(200, "")]).await;
    bucket.put("inc/0123", b"bytes".to_vec()).await.unwrap();
    let heads = heads.lock().unwrap();
    let head = heads[0].to_ascii_lowercase();
    assert!(
        head.starts_with("put /documents/blobs/inc/0123 http/1.1\r\n"),
        "{head}"
    );
    for line in [
        "content-type: application/json\r\n",
        "content-encoding: zstd\r\n",
        "x-amz-content-sha256: 277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9\r\n",
        "/eu-west-1/s3/aws4_request",
        "signedheaders=content-type;host;x-amz-content-sha256;x-amz-date",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

#[tokio::test]
async fn faults_and_throttling_are_tried_again() {
    let slow_down = "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>";
    let late = "<Error><Code>RequestTimeout</Code><Message>m</Message></Error>";
    let (bucket, heads) = s3(vec![(503, slow_down), (0, ""), (400, late), (500, ""), (200, "")]).await;
    bucket.put("n", b"bytes".to_vec()).await.unwrap();
    assert_eq!(heads.lock().unwrap().len(), 5);

    let (bucket, heads) = s3(vec![(503, slow_down); 6]).await;
    let error = bucket.get("n").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the blob store failed: `GetObject` of `blobs/n` in the bucket `documents`: SlowDown Reduce your request rate (status 503)"
    );
    assert_eq!(heads.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_forbidden_an_error_at_once() {
    let (bucket, heads) = s3(vec![
        (404, "<Error><Code>NoSuchKey</Code></Error>"),
        (
            404,
            "<Error><Code>NoSuchBucket</Code><Message>no bucket</Message></Error>",
        ),
        (
            403,
            "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        ),
    ])
    .await;
    assert_eq!(bucket.get("n").await.unwrap(), None);
    let error = bucket.get("n").await.unwrap_err().to_string();
    assert!(error.ends_with("NoSuchBucket no bucket (status 404)"), "{error}");
    let error = bucket.put("n", Vec::new()).await.unwrap_err().to_string();
    assert!(
        error.ends_with("AccessDenied Access Denied (status 403)"),
        "{error}"
    );
    assert_eq!(heads.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_bucket_is_a_host_of_its_region() {
    for (endpoint, region, name, url) in [
        (
            None,
            Some("eu-west-1"),
            "b",
            "https://b.s3.eu-west-1.amazonaws.com/blobs/i/0",
        ),
        (
            None,
            Some("cn-north-1"),
            "b",
            "https://b.s3.cn-north-1.amazonaws.com.cn/blobs/i/0",
        ),
        (
            None,
            Some("us-east-1"),
            "b.c",
            "https://s3.us-east-1.amazonaws.com/b.c/blobs/i/0",
        ),
        (
            Some("http://localhost:4566/"),
            None,
            "b",
            "http://localhost:4566/b/blobs/i/0",
        ),
    ] {
        let (place, scope) = bucket(endpoint, region, name).await.place("i/0").unwrap();
        assert_eq!(place, url);
        assert_eq!(
            (scope.name.as_str(), scope.region.as_str()),
            ("s3", region.unwrap_or("us-east-1"))
        );
    }
    let error = bucket(None, None, "b")
        .await
        .place("i/0")
        .unwrap_err()
        .to_string();
    assert!(error.contains("no Region is set"), "{error}");
}

#[test]
fn keys_are_paths_of_a_url() {
    assert_eq!(key("01J/0a-b_c.d~e"), "blobs/01J/0a-b_c.d~e");
    assert_eq!(key("ä b?#%+"), "blobs/%C3%A4%20b%3F%23%25%2B");
}

#[test]
fn a_pause_is_half_random() {
    for _ in 0..1000 {
        let pause = random_part(Duration::from_millis(100));
        assert!((50..=100).contains(&pause.as_millis()), "{pause:?}");
    }
}

/// The bucket of `template.yaml` deletes by age, the table by each item's own date.
#[test]
fn the_bucket_of_the_template_keeps_documents_for_as_long_as_the_table() {
    const DAY: i64 = 86_400;
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../template.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let (_, allowed) = template.split_once("  RetentionDays:\n").unwrap();
    let (_, allowed) = allowed.split_once("AllowedValues: [").unwrap();
    let allowed: Vec<&str> = allowed.split_once(']').unwrap().0.split(", ").collect();
    let mapped = template
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" }")?.split_once(": { DocumentDays: "));
    let mapped: Vec<(&str, &str)> = mapped
        .map(|(days, kept)| (days.trim_matches('"'), kept))
        .collect();
    assert_eq!(mapped.iter().map(|(days, _)| *days).collect::<Vec<_>>(), allowed);
    assert!(allowed.contains(&"90"));
    for (days, kept) in mapped {
        let retention = Retention {
            days: days.parse().unwrap(),
        };
        let expires = retention.expires(engine::Timestamp(0));
        assert_eq!(expires / DAY, kept.parse::<i64>().unwrap(), "{days}");
    }
}
