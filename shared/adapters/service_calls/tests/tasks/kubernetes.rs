//! The Kubernetes API of a cluster over TLS: its own authority is trusted, and nobody else.

use super::{call, caller, send};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::Settings;
use integrations::web::PlainHttp;

use ports::CallOutcome;
use serde_json::{Value, json};
use service_calls::Web;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority that has signed one certificate, for 127.0.0.1; its key is lost.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBejCCASCgAwIBAgIUYm/DMfzndsXiSUWJm5UlqEWuxSkwCgYIKoZIzj0EAwIw
IjEgMB4GA1UEAwwXc3RlcHdlbGwtdGVzdC1hdXRob3JpdHkwIBcNMjAwMTAxMDAw
MDAwWhgPMjEyMDAxMDEwMDAwMDBaMCIxIDAeBgNVBAMMF3N0ZXB3ZWxsLXRlc3Qt
YXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaGD2JKBH1Bgir1az
Yq5aWEBxmvn6k86etE8+kp69q2YH5CTqwAUozAOM0ETfxIJIZSdff0Ny6ffeaMhY
0WPcA6MyMDAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUIgjpayOVJdMqBzCv
kiN03nG7urowCgYIKoZIzj0EAwIDSAAwRQIhAMERz8xr08l3yJSVlx+719CwsilH
OQrXNEHrFIVw1DksAiBD0QG5SSScIJxG+kVXQM2e+DUE5jRXJbjUetAk20oCCw==
-----END CERTIFICATE-----
";

/// The certificate, and its key: they are of use to this test alone.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgDCCASagAwIBAgIUBqN1VAX06H8lz9ddzlrHTSGCSEUwCgYIKoZIzj0EAwIw
IjEgMB4GA1UEAwwXc3RlcHdlbGwtdGVzdC1hdXRob3JpdHkwIBcNMjAwMTAxMDAw
MDAwWhgPMjEyMDAxMDEwMDAwMDBaMBgxFjAUBgNVBAMMDXN0ZXB3ZWxsLXRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATgOzez/S4zkSyxp4IhoYZj96S6mUM5
NxTAKMQHmW6KpRZeshwHUpAAyeDATgPIkm8VMDLCgglwEYYxFJMsQO4eo0IwQDAM
BgNVHRMBAf8EAjAAMA8GA1UdEQQIMAaHBH8AAAEwHwYDVR0jBBgwFoAUIgjpayOV
JdMqBzCvkiN03nG7urowCgYIKoZIzj0EAwIDSAAwRQIhALo4MeqRr8Z71h4U+Yt+
h58Ckdj4W5B60C83ZbReW38vAiBm6r9jt+KafXQNCPi9n1GjhYUD4F8sUWossdie
521q2Q==
-----END CERTIFICATE-----
";
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUtS/pk1mZ75upKu1
YH54KZ1eqaxxy44VEFYS59A1sXShRANCAATgOzez/S4zkSyxp4IhoYZj96S6mUM5
NxTAKMQHmW6KpRZeshwHUpAAyeDATgPIkm8VMDLCgglwEYYxFJMsQO4e
-----END PRIVATE KEY-----
";

/// Answers every request with the version of a cluster.
async fn cluster() -> String {
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever does not trust the certificate goes away here.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let body = r#"{"major":"1"}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

async fn version(endpoint: &str, authority: &str) -> CallOutcome {
    let parameters = json!({
        "ClusterName": "c", "Endpoint": endpoint, "CertificateAuthority": STANDARD.encode(authority),
        "Method": "GET", "Path": "/version",
    });
    let caller = caller("http://127.0.0.1:1", Settings::default()).await;
    let call = call("arn:aws:states:::eks:call", &parameters);
    let web = Web::new(PlainHttp::Refused);
    send(&caller, &web, &call).await.0
}

#[tokio::test]
async fn a_cluster_is_trusted_by_its_own_authority_and_by_no_other() {
    let url = cluster().await;
    let CallOutcome::Succeeded(result) = version(&url, AUTHORITY).await else {
        panic!("the cluster is trusted")
    };
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["ResponseBody"], json!({ "major": "1" }));

    // A certificate is no authority for itself, and the name has to be right.
    let elsewhere = url.replace("127.0.0.1", "localhost");
    for (endpoint, authority) in [(&url, CERTIFICATE), (&elsewhere, AUTHORITY)] {
        let CallOutcome::Failed(failure) = version(endpoint, authority).await else {
            panic!("{endpoint} is not trusted")
        };
        assert_eq!(failure.error, "EKS.SdkClientException");
    }
}
