/// A function as a caller may name it, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionName<'a> {
    /// The bare name.
    pub(crate) name: &'a str,
    /// A version or an alias.
    pub(crate) qualifier: Option<&'a str>,
    /// The whole ARN, if the caller gave one.
    pub(crate) arn: Option<&'a str>,
}

impl<'a> FunctionName<'a> {
    /// Takes apart `NAME`, `NAME:QUALIFIER`, a partial ARN (`ACCOUNT:function:NAME`) or a full one.
    ///
    /// The parts before the name may each be missing, as in the pattern that Lambda's API gives for function names.
    pub(crate) fn parse(text: &'a str) -> Option<FunctionName<'a>> {
        let arn = text.starts_with("arn:").then_some(text);
        let mut rest = text;
        if arn.is_some() {
            let mut parts = text.splitn(4, ':').skip(2);
            if parts.next() != Some("lambda") {
                return None;
            }
            rest = parts.next()?;
        }
        for is_part in [is_region as fn(&str) -> bool, is_account, |part| {
            part == "function"
        }] {
            if let Some((part, behind)) = rest.split_once(':')
                && is_part(part)
            {
                rest = behind;
            }
        }
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        let valid = is_name(name) && qualifier.is_none_or(|text| text == "$LATEST" || is_name(text));
        valid.then_some(FunctionName { name, qualifier, arn })
    }
}

fn is_region(part: &str) -> bool {
    let mut words = part.rsplit('-');
    let number = words.next().unwrap_or_default();
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && words.clone().count() >= 2
        && words.all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn is_account(part: &str) -> bool {
    part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_names_the_function() {
        let cases = [
            ("charge", None),
            ("charge:$LATEST", Some("$LATEST")),
            ("charge:live", Some("live")),
            ("function:charge:7", Some("7")),
            ("123456789012:function:charge", None),
            ("123456789012:function:charge:live", Some("live")),
            ("us-east-1:123456789012:function:charge", None),
            ("arn:aws:lambda:us-east-1:123456789012:function:charge", None),
            (
                "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:charge:live",
                Some("live"),
            ),
        ];
        for (text, qualifier) in cases {
            let name = FunctionName::parse(text).unwrap();
            assert_eq!((name.name, name.qualifier), ("charge", qualifier), "{text}");
            assert_eq!(name.arn.is_some(), text.starts_with("arn:"));
        }
    }

    #[test]
    fn what_names_no_function_is_refused() {
        for text in [
            "",
            ":",
            "a:b:c",
            "charge:",
            "a b",
            "arn:aws:sqs:us-east-1:123456789012:charge",
            "arn:aws:lambda",
        ] {
            assert_eq!(FunctionName::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_may_look_like_a_region() {
        assert_eq!(FunctionName::parse("order-step-1").unwrap().name, "order-step-1");
    }
}
