//! Names in documents.

use crate::error::{Error, Result};

/// Characters that names of clusters, services and alarms have at most:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>,
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>. They are in keys of the ledger,
/// dimensions of metrics, subjects of messages and lines of the log.
const LONGEST: usize = 255;

/// # Errors
/// `Invalid`, naming `path`, when there is no name, or one that AWS does not have.
pub(crate) fn check_name(path: &str, name: &str) -> Result<()> {
    let expected = format!("a name of 1 to {LONGEST} characters");
    match name.chars().count() {
        0 => Err(Error::bad_field(path, "", &expected)),
        length if length > LONGEST => Err(Error::bad_field(path, format!("{length} characters"), &expected)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_fits_into_no_key_and_no_metric_is_refused() {
        assert!(check_name("system", &"h".repeat(255)).is_ok());
        let error = |name: &str| check_name("services[0].cluster", name).unwrap_err().to_string();
        let expected = "expected a name of 1 to 255 characters";
        assert_eq!(error(""), format!("services[0].cluster: got ``, {expected}"));
        assert_eq!(error(&"h".repeat(264_000)), format!("services[0].cluster: got `264000 characters`, {expected}"));
    }
}
