use super::*;

async fn source(variables: &[(&str, &str)], settings: Settings) -> Source {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let settings = Settings {
        variables: Some(variables),
        ..settings
    };
    Source::new(&settings, &Environment::read(&settings).await)
}

#[tokio::test]
async fn nothing_configured_is_no_source() {
    assert!(!source(&[], Settings::default()).await.is_configured());
    assert!(
        !source(&[("AWS_ACCESS_KEY_ID", "only half")], Settings::default())
            .await
            .is_configured()
    );
}

#[tokio::test]
async fn keys_in_variables_are_taken_without_asking_anybody() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ];
    let credentials = source(&keys, Settings::default()).await.get().await.unwrap();
    assert_eq!(credentials.access_key_id(), "id");
    assert_eq!(credentials.session_token(), Some("token"));
}

#[tokio::test]
async fn other_places_count_as_configured() {
    for name in [
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ] {
        assert!(
            source(&[(name, "x")], Settings::default()).await.is_configured(),
            "{name}"
        );
    }
    let instance = Settings {
        instance_credentials: true,
        ..Settings::default()
    };
    assert!(source(&[], instance).await.is_configured());
}
