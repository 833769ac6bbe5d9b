//! The two kinds of ARN that a Resource may be besides an integration.

use std::fmt;

/// Names a Lambda function that a Task state calls directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionArn {
    text: String,
    region: String,
    account: String,
    name: String,
    qualifier: Option<String>,
}

impl FunctionArn {
    /// Reads `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`; `None` when the text is not of that form.
    pub fn parse(text: &str) -> Option<FunctionArn> {
        let parts: Vec<&str> = text.split(':').collect();
        let (region, account, name, qualifier) = match parts.as_slice() {
            ["arn", _, "lambda", region, account, "function", name] => (region, account, name, None),
            ["arn", _, "lambda", region, account, "function", name, qualifier] => {
                (region, account, name, Some((*qualifier).to_owned()))
            }
            _ => return None,
        };
        if name.is_empty() || qualifier.as_deref() == Some("") {
            return None;
        }
        Some(FunctionArn {
            text: text.to_owned(),
            region: (*region).to_owned(),
            account: (*account).to_owned(),
            name: (*name).to_owned(),
            qualifier,
        })
    }

    /// The whole ARN as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The Region in the ARN.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account in the ARN.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version or alias, if the ARN ends with one.
    pub fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Names an activity, whose workers fetch the task themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityArn {
    text: String,
    region: String,
    account: String,
    name: String,
}

impl ActivityArn {
    /// Reads `arn:aws:states:REGION:ACCOUNT:activity:NAME`; `None` when the text is not of that form.
    pub fn parse(text: &str) -> Option<ActivityArn> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "states", region, account, "activity", name] if !name.is_empty() => {
                Some(ActivityArn {
                    text: text.to_owned(),
                    region: (*region).to_owned(),
                    account: (*account).to_owned(),
                    name: (*name).to_owned(),
                })
            }
            _ => None,
        }
    }

    /// The whole ARN as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The Region in the ARN.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account in the ARN.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The activity's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ActivityArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
