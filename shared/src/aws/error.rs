//! What an SDK error means for the caller: by error code, in this one table, and never by message text.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{Error, Kind};

/// Codes and what they mean. Not exhaustive: a code that is not here is read by the HTTP status.
const CODES: [(Kind, &[&str]); 6] = [
    (
        Kind::NotFound,
        &[
            "ClientNotFound",
            "ClusterNotFoundException",
            "ImageNotFoundException",
            "NoSuchDistribution",
            "NotFound",
            "NotFoundException",
            "QueueDoesNotExist",
            "RepositoryNotFoundException",
            "ResourceNotFoundException",
            "ServiceNotActiveException",
            "ServiceNotFoundException",
            "TargetNotFoundException",
        ],
    ),
    (
        Kind::Denied,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "AuthorizationErrorException",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "KMSAccessDenied",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
    ),
    (
        Kind::Conflict,
        &[
            "ConcurrentUpdateException",
            "ConditionalCheckFailedException",
            "ConflictException",
            "TransactionConflictException",
            "UpdateInProgressException",
        ],
    ),
    (
        Kind::Throttled,
        &[
            "KMSThrottling",
            "LimitExceededException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttled",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyInvalidationsInProgress",
            "TooManyRequestsException",
        ],
    ),
    (
        Kind::Invalid,
        &[
            "BadRequestException",
            "ClientException",
            "InvalidArgument",
            "InvalidParameter",
            "InvalidParameterException",
            "InvalidParameterValue",
            "ImageDigestDoesNotMatchException",
            "ImageTagAlreadyExistsException",
            "PlatformUnknownException",
            "UnsupportedFeatureException",
            "ValidationException",
            "ValidationError",
        ],
    ),
    (
        Kind::Unavailable,
        // The first two come with a 400.
        &[
            "RequestTimeout",
            "RequestTimeoutException",
            "InternalError",
            "InternalErrorException",
            "InternalFailure",
            "InternalServerError",
            "ServiceException",
            "ServerException",
            "ServiceUnavailable",
        ],
    ),
];

/// An SDK error as one of ours: `AccessDeniedException: User ... is not authorized ...`.
pub(super) fn classify<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
{
    let status = error.raw_response().map(Status::status);
    let Some(service) = error.as_service_error() else {
        // The SDK's Display is "dispatch failure" or "timeout has occurred"; the cause is behind it.
        let kind = if matches!(error, SdkError::ConstructionFailure(_)) { Kind::Invalid } else { Kind::Unavailable };
        let text = error.to_string();
        return match error.into_source() {
            Ok(source) => Error::new(kind, text).with_source(source),
            Err(_) => Error::new(kind, text),
        };
    };
    // Without a code it was no service that answered: a proxy, a load balancer, a page of HTML.
    let code = service.code().map_or_else(|| format!("HTTP {}", status.unwrap_or_default()), str::to_owned);
    let message = service.message().unwrap_or("no message");
    Error::new(kind(&code, status), format!("{code}: {message}"))
}

/// What a code means; by the HTTP status when the code is new.
pub(super) fn kind(code: &str, status: Option<u16>) -> Kind {
    let known = CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(kind, _)| *kind);
    known.unwrap_or(match status {
        Some(404) => Kind::NotFound,
        Some(401 | 403) => Kind::Denied,
        Some(409) => Kind::Conflict,
        Some(429) => Kind::Throttled,
        Some(400..=499) => Kind::Invalid,
        _ => Kind::Unavailable,
    })
}

/// The HTTP status of a raw answer.
pub(super) trait Status {
    /// The status code.
    fn status(&self) -> u16;
}

impl Status for aws_smithy_runtime_api::client::orchestrator::HttpResponse {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    type Sdk = SdkError<ErrorMetadata, HttpResponse>;

    fn answered(status: u16, error: ErrorMetadata) -> Error {
        classify(Sdk::service_error(error, HttpResponse::new(status.try_into().unwrap(), SdkBody::from("<html>"))))
    }

    #[test]
    fn the_code_decides_and_the_message_never_does() {
        let error = ErrorMetadata::builder().code("AccessDeniedException").message("Rate exceeded, not found").build();
        let error = answered(400, error);
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (Kind::Denied, "AccessDeniedException: Rate exceeded, not found",)
        );
    }

    #[test]
    fn an_answer_of_no_service_is_reported_with_its_status_and_without_its_body() {
        let error = answered(503, ErrorMetadata::builder().build());
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Unavailable, "HTTP 503: no message"));
        assert_eq!(answered(403, ErrorMetadata::builder().build()).kind(), Kind::Denied);
    }

    #[test]
    fn an_answer_that_never_came_is_reported_with_its_cause() {
        let refused = || std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let error = classify(Sdk::dispatch_failure(ConnectorError::io(refused().into())));
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.to_string().ends_with("connection refused"), "{error}");
        let error = classify(Sdk::timeout_error("operation timeout (8s)"));
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.to_string().ends_with("operation timeout (8s)"), "{error}");
        assert_eq!(classify(Sdk::construction_failure("no region")).kind(), Kind::Invalid);
    }

    #[test]
    fn every_code_stands_once() {
        let mut codes: Vec<&str> = CODES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn a_new_code_is_read_by_its_status() {
        assert_eq!(kind("ThrottlingException", Some(400)), Kind::Throttled);
        assert_eq!(kind("RequestTimeout", Some(400)), Kind::Unavailable);
        assert_eq!(kind("BrandNewException", Some(403)), Kind::Denied);
        assert_eq!(kind("BrandNewException", Some(400)), Kind::Invalid);
        assert_eq!(kind("BrandNewException", Some(503)), Kind::Unavailable);
        assert_eq!(kind("BrandNewException", None), Kind::Unavailable);
    }
}
