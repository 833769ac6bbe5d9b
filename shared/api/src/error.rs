//! The exceptions of the Step Functions API: their names, their HTTP statuses and AWS's wording.

use engine::NotRedrivable;
use ports::{JournalError, RegistryError};
use std::fmt;

/// An exception of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "the names are AWS's")]
pub(crate) enum Exception {
    ActivityAlreadyExists,
    ActivityDoesNotExist,
    ConflictException,
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    ExecutionNotRedrivable,
    InternalFailure,
    InvalidArn,
    InvalidDefinition,
    InvalidEncryptionConfiguration,
    InvalidExecutionInput,
    InvalidLoggingConfiguration,
    InvalidName,
    InvalidOutput,
    InvalidToken,
    InvalidTracingConfiguration,
    MissingRequiredParameter,
    RequestEntityTooLargeException,
    ResourceNotFound,
    SerializationException,
    ServiceQuotaExceededException,
    StateMachineAlreadyExists,
    StateMachineDeleting,
    StateMachineDoesNotExist,
    StateMachineTypeNotSupported,
    TaskDoesNotExist,
    TaskTimedOut,
    TooManyTags,
    UnknownOperationException,
    ValidationException,
}

impl Exception {
    /// Returns the name that SDKs know the exception by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Exception::ActivityAlreadyExists => "ActivityAlreadyExists",
            Exception::ActivityDoesNotExist => "ActivityDoesNotExist",
            Exception::ConflictException => "ConflictException",
            Exception::ExecutionAlreadyExists => "ExecutionAlreadyExists",
            Exception::ExecutionDoesNotExist => "ExecutionDoesNotExist",
            Exception::ExecutionNotRedrivable => "ExecutionNotRedrivable",
            Exception::InternalFailure => "InternalFailure",
            Exception::InvalidArn => "InvalidArn",
            Exception::InvalidDefinition => "InvalidDefinition",
            Exception::InvalidEncryptionConfiguration => "InvalidEncryptionConfiguration",
            Exception::InvalidExecutionInput => "InvalidExecutionInput",
            Exception::InvalidLoggingConfiguration => "InvalidLoggingConfiguration",
            Exception::InvalidName => "InvalidName",
            Exception::InvalidOutput => "InvalidOutput",
            Exception::InvalidToken => "InvalidToken",
            Exception::InvalidTracingConfiguration => "InvalidTracingConfiguration",
            Exception::MissingRequiredParameter => "MissingRequiredParameter",
            Exception::RequestEntityTooLargeException => "RequestEntityTooLargeException",
            Exception::ResourceNotFound => "ResourceNotFound",
            Exception::SerializationException => "SerializationException",
            Exception::ServiceQuotaExceededException => "ServiceQuotaExceededException",
            Exception::StateMachineAlreadyExists => "StateMachineAlreadyExists",
            Exception::StateMachineDeleting => "StateMachineDeleting",
            Exception::StateMachineDoesNotExist => "StateMachineDoesNotExist",
            Exception::StateMachineTypeNotSupported => "StateMachineTypeNotSupported",
            Exception::TaskDoesNotExist => "TaskDoesNotExist",
            Exception::TaskTimedOut => "TaskTimedOut",
            Exception::TooManyTags => "TooManyTags",
            Exception::UnknownOperationException => "UnknownOperationException",
            Exception::ValidationException => "ValidationException",
        }
    }

    /// Returns the HTTP status.
    pub(crate) fn status(self) -> u16 {
        match self {
            Exception::ServiceQuotaExceededException => 402,
            Exception::ConflictException => 409,
            Exception::RequestEntityTooLargeException => 413,
            Exception::InternalFailure => 500,
            _ => 400,
        }
    }

    /// Returns the name with its namespace, as AWS writes it into `__type`; SDKs cut it off before the `#`.
    pub(crate) fn qualified_name(self) -> String {
        let namespace = match self {
            Exception::ValidationException => "com.amazon.coral.validate",
            Exception::SerializationException
            | Exception::UnknownOperationException
            | Exception::RequestEntityTooLargeException
            | Exception::InternalFailure => "com.amazon.coral.service",
            _ => "com.amazonaws.swf.service.v2.model",
        };
        format!("{namespace}#{}", self.name())
    }
}

/// Why a request was refused: an exception with its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) exception: Exception,
    pub(crate) message: String,
    /// ValidationException's `reason`.
    pub(crate) reason: Option<&'static str>,
    /// The `resourceName` of ResourceNotFound and TooManyTags.
    pub(crate) resource: Option<String>,
}

impl Error {
    pub(crate) fn new(exception: Exception, message: impl Into<String>) -> Error {
        Error {
            exception,
            message: message.into(),
            reason: None,
            resource: None,
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Error {
        Error::new(Exception::ValidationException, message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Error {
        Error::new(Exception::SerializationException, message)
    }

    /// Refuses, by name, what this version cannot do.
    pub(crate) fn not_implemented(what: &str) -> Error {
        Error::validation(format!("{what} is not implemented yet"))
    }

    pub(crate) fn missing_parameter(message: &str) -> Error {
        Error {
            reason: Some("MISSING_REQUIRED_PARAMETER"),
            ..Error::validation(message)
        }
    }

    pub(crate) fn invalid_routing(message: impl Into<String>) -> Error {
        Error {
            reason: Some("INVALID_ROUTING_CONFIGURATION"),
            ..Error::validation(message)
        }
    }

    pub(crate) fn labelled_arn(operation: &str) -> Error {
        let message = format!("{operation} does not support the ARN of a Distributed Map state");
        Error {
            reason: Some("API_DOES_NOT_SUPPORT_LABELED_ARNS"),
            ..Error::validation(message)
        }
    }

    pub(crate) fn invalid_arn(detail: impl fmt::Display) -> Error {
        Error::new(Exception::InvalidArn, format!("Invalid Arn: '{detail}'"))
    }

    pub(crate) fn invalid_name(name: &str) -> Error {
        Error::new(Exception::InvalidName, format!("Invalid Name: '{name}'"))
    }

    pub(crate) fn invalid_token() -> Error {
        Error::new(Exception::InvalidToken, "Invalid Token: 'Invalid token'")
    }

    pub(crate) fn no_machine(arn: &str) -> Error {
        Error::new(
            Exception::StateMachineDoesNotExist,
            format!("State Machine Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn machine_deleting(arn: &str) -> Error {
        Error::new(
            Exception::StateMachineDeleting,
            format!("State Machine is being deleted: '{arn}'"),
        )
    }

    pub(crate) fn no_execution(arn: &str) -> Error {
        Error::new(
            Exception::ExecutionDoesNotExist,
            format!("Execution Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn not_redrivable(refusal: NotRedrivable) -> Error {
        Error::new(
            Exception::ExecutionNotRedrivable,
            format!("Execution Not Redrivable: '{refusal}'"),
        )
    }

    pub(crate) fn no_activity(arn: &str) -> Error {
        Error::new(
            Exception::ActivityDoesNotExist,
            format!("Activity Does Not Exist: '{arn}'"),
        )
    }

    pub(crate) fn no_resource(arn: &str) -> Error {
        Error {
            resource: Some(arn.to_owned()),
            ..Error::new(
                Exception::ResourceNotFound,
                format!("Resource not found: '{arn}'"),
            )
        }
    }

    pub(crate) fn too_many_tags(arn: &str, max: usize) -> Error {
        Error {
            resource: Some(arn.to_owned()),
            ..Error::new(
                Exception::TooManyTags,
                format!("A resource may have at most {max} tags: '{arn}'"),
            )
        }
    }

    pub(crate) fn too_many(what: &str, arn: &str, max: usize) -> Error {
        Error::new(
            Exception::ServiceQuotaExceededException,
            format!("A state machine may have at most {max} {what}: '{arn}'"),
        )
    }

    pub(crate) fn conflict(arn: &str) -> Error {
        Error::new(
            Exception::ConflictException,
            format!("'{arn}' is being changed by another request"),
        )
    }

    pub(crate) fn wrong_machine_type() -> Error {
        Error::new(
            Exception::StateMachineTypeNotSupported,
            "This operation is not supported by this type of state machine",
        )
    }

    fn internal(error: &dyn std::error::Error) -> Error {
        Error::new(Exception::InternalFailure, error.to_string())
    }
}

impl From<driver::Error> for Error {
    fn from(error: driver::Error) -> Error {
        Error::internal(&error)
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Error {
        Error::internal(&error)
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Error {
        Error::internal(&error)
    }
}
