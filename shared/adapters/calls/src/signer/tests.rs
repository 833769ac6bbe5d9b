use super::*;
use std::collections::BTreeMap;

async fn signer(profile: &str) -> Signer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, profile).unwrap();
    let variables = [
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nothing/there"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Signer::from_env(Settings {
        variables: Some(BTreeMap::from(variables)),
        ..Settings::default()
    })
    .await
}

#[tokio::test]
async fn missing_credentials_are_explained() {
    let why = signer("").await.without_credentials().unwrap();
    assert!(why.ends_with("or a profile"), "{why}");
    let profile = "[default]\nsso_session = s\n[sso-session s]\nsso_region = us-east-1\n";
    let why = signer(profile).await.without_credentials().unwrap();
    let hint = "`sso_session` of the profile `default` is not implemented, but";
    assert!(why.contains(hint) && why.contains("--profile default`"), "{why}");
    let process = "[default]\ncredential_process = keys\n";
    assert_eq!(signer(process).await.without_credentials(), None);
}

#[tokio::test]
async fn endpoints_and_regions_are_the_usual_ones() {
    let signer = signer("[default]\nregion = eu-west-3\nendpoint_url = http://127.0.0.1:2\n").await;
    assert_eq!(signer.region(), Some("eu-west-3"));
    assert_eq!(signer.endpoint("S3"), Some("http://127.0.0.1:1"));
    assert_eq!(signer.endpoint("SFN"), Some("http://127.0.0.1:2"));
}

#[test]
fn the_signature_covers_what_it_must() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-amz-target", "a"),
        ("x-amz-meta-b", "1"),
        ("x-amz-meta-b", "2"),
        ("user-agent", "c"),
        ("accept", "d"),
        ("accept", "e"),
    ] {
        headers.append(name, value.parse().unwrap());
    }
    let (signed, plain) = split(headers);
    assert_eq!(
        (signed.len(), signed.get_all("x-amz-meta-b").iter().count()),
        (4, 2)
    );
    assert_eq!((plain.len(), plain.get_all("accept").iter().count()), (3, 2));
}
