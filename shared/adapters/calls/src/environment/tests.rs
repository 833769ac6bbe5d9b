use super::*;

async fn read(variables: &[(&str, &str)], profile: Option<&str>) -> Environment {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let settings = Settings {
        variables: Some(variables),
        profile: profile.map(str::to_owned),
        ..Settings::default()
    };
    Environment::read(&settings).await
}

#[tokio::test]
async fn an_endpoint_for_the_service_goes_before_one_for_all() {
    let both = read(
        &[
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://one"),
        ],
        None,
    )
    .await;
    assert_eq!(both.endpoint("Secrets Manager"), Some("http://one"));
    assert_eq!(both.endpoint("SQS"), Some("http://all"));
}

#[tokio::test]
async fn configured_endpoints_can_be_ignored() {
    let ignored = read(
        &[
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ],
        None,
    )
    .await;
    assert_eq!(ignored.endpoint("SQS"), None);
}

#[tokio::test]
async fn regions_come_from_variables_first() {
    assert_eq!(read(&[], None).await.region(), None);
    assert_eq!(
        read(&[("AWS_DEFAULT_REGION", "a")], None).await.region(),
        Some("a")
    );
    assert_eq!(
        read(&[("AWS_DEFAULT_REGION", "a"), ("AWS_REGION", "b")], None)
            .await
            .region(),
        Some("b")
    );
}

#[tokio::test]
async fn profiles_name_regions_and_endpoints() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let text = "[profile dev]\nregion = eu-north-1\nendpoint_url = http://dev\nservices = emulated\n\
                [services emulated]\nsqs =\n  endpoint_url = http://queues\n";
    std::fs::write(&file, text).unwrap();
    let variables = [
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("AWS_PROFILE", "dev"),
    ];
    let by_variable = read(&variables, None).await;
    assert_eq!(by_variable.broken, None);
    assert_eq!(by_variable.region(), Some("eu-north-1"));
    assert_eq!(by_variable.endpoint("SQS"), Some("http://queues"));
    assert_eq!(by_variable.endpoint("SNS"), Some("http://dev"));
    let by_settings = read(&variables[..1], Some("dev")).await;
    assert_eq!(by_settings.region(), Some("eu-north-1"));
}
