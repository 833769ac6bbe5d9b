//! Who calls: the account and the region that a request is made in.

use crate::Settings;
use ports::Owner;

/// Returns the owner that an `Authorization` header names, and the settings' owner for what it does not name.
///
/// The account is an access key id of 12 digits; the region stands in the credential's scope. Nothing is verified.
pub(crate) fn owner(authorization: Option<&str>, settings: &Settings) -> Owner {
    let mut owner = Owner {
        region: settings.region.clone(),
        account: settings.account.clone(),
    };
    let credential = authorization
        .and_then(|header| header.split_once("Credential="))
        .map(|(_, rest)| rest);
    let Some(credential) = credential else {
        return owner;
    };
    let credential = credential.split([',', ' ']).next().unwrap_or_default();
    // KEY/20260101/us-east-1/states/aws4_request; a signature for several regions names none.
    let parts: Vec<&str> = credential.split('/').collect();
    if let Some(key) = parts.first()
        && is_account(key)
    {
        owner.account = (*key).into();
    }
    if let [_, _, region, _, _] = parts.as_slice()
        && is_region(region)
    {
        owner.region = (*region).into();
    }
    owner
}

/// Tells whether a text is an account id: 12 digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether a text can be a region's name.
pub(crate) fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: Option<&str>) -> (String, String) {
        let owner = owner(header, &Settings::default());
        (owner.account.to_string(), owner.region.to_string())
    }

    fn pair(account: &str, region: &str) -> (String, String) {
        (account.to_owned(), region.to_owned())
    }

    #[test]
    fn a_key_of_twelve_digits_is_the_account_and_the_scope_names_the_region() {
        let header = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/states/aws4_request, \
                      SignedHeaders=host, Signature=ab";
        assert_eq!(of(Some(header)), pair("111122223333", "eu-west-1"));
    }

    #[test]
    fn what_is_not_named_comes_from_the_settings() {
        let key = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/states/aws4_request,SignedHeaders=host";
        assert_eq!(of(Some(key)), pair("123456789012", "eu-west-1"));
        let asymmetric =
            "AWS4-ECDSA-P256-SHA256 Credential=111122223333/20260101/states/aws4_request, Signature=ab";
        assert_eq!(of(Some(asymmetric)), pair("111122223333", "us-east-1"));
        for header in [
            None,
            Some(""),
            Some("Bearer x"),
            Some("Credential="),
            Some("Credential=1//A B/c/d"),
        ] {
            assert_eq!(of(header), pair("123456789012", "us-east-1"), "{header:?}");
        }
    }
}
