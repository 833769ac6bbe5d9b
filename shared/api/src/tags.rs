//! Tags of state machines and activities.

use crate::constraints::{TAG_KEY, TAG_VALUE, TAGS_MAX};
use crate::error::Error;
use crate::members::Members;
use crate::wire::Answer;
use serde_json::Value;
use std::collections::BTreeMap;

/// The tags of a resource.
pub(crate) type Tags = BTreeMap<String, String>;

/// Reads a list of tags.
pub(crate) fn read(members: &mut Members) -> Result<Option<Tags>, Error> {
    let tags = members.structures("tags", |tag| {
        Ok((
            tag.required_text("key", &TAG_KEY)?,
            tag.text("value", &TAG_VALUE)?.unwrap_or_default(),
        ))
    })?;
    Ok(tags.map(Tags::from_iter))
}

/// Refuses more tags than AWS allows on the resource `arn`.
pub(crate) fn check(tags: &Tags, arn: &str) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        Err(Error::too_many_tags(arn, TAGS_MAX))
    } else {
        Ok(())
    }
}

/// Returns tags as they are shown.
pub(crate) fn shown(tags: &Tags) -> Value {
    let tag = |(key, value): (&String, &String)| -> Value {
        Answer::default()
            .with("key", key.as_str())
            .with("value", value.as_str())
            .into()
    };
    tags.iter().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members;
    use serde_json::json;

    #[test]
    fn tags_are_read_and_shown_by_key() {
        let body = br#"{"tags":[{"key":"b","value":"2"},{"key":"a"}]}"#;
        let tags = members::read(body, read).unwrap().unwrap();
        assert_eq!(
            shown(&tags),
            json!([{ "key": "a", "value": "" }, { "key": "b", "value": "2" }])
        );
        assert_eq!(members::read(b"{}", read), Ok(None));
        assert!(members::read(br#"{"tags":[{"value":"x"}]}"#, read).is_err());
    }

    #[test]
    fn fifty_tags_are_enough() {
        let tags: Tags = (0..51).map(|n| (n.to_string(), String::new())).collect();
        let error = check(&tags, "arn:x").unwrap_err();
        assert_eq!(
            (error.exception.name(), error.resource.as_deref()),
            ("TooManyTags", Some("arn:x"))
        );
        assert_eq!(check(&tags.into_iter().take(50).collect(), "arn:x"), Ok(()));
    }
}
