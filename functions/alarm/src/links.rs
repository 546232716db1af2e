//! Links to runbooks and into the CloudWatch console of the right partition and region.

use jiff::{SignedDuration, Timestamp};
use planner::alarm::AlarmLocation;
use shared::{Error, Result};

/// The Logs Insights query over the logs of a service.
const QUERY: &str = "fields @timestamp, @message\n| sort @timestamp desc\n| limit 200";
/// How long before the alarm entered ALARM the query starts.
const BEFORE: SignedDuration = SignedDuration::from_mins(15);

/// Links for the messages about one alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    /// URL of the folder with the runbooks, without a `/` at the end.
    pub runbooks: String,
    /// Partition and region of the alarm.
    pub alarm: AlarmLocation,
    /// Partition and region of the services, their logs and the dashboard.
    pub home: AlarmLocation,
}

/// Checks `RUNBOOKS_URL`: a message read on a phone can only follow an absolute link.
///
/// # Errors
/// `Invalid` when it is not an absolute https URL.
pub(crate) fn runbooks_url(text: &str) -> Result<String> {
    let url = text.trim_end_matches('/');
    match url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
        true => Ok(url.to_owned()),
        false => Err(Error::bad_field("RUNBOOKS_URL", text, "an absolute https:// URL")),
    }
}

impl Links {
    /// The runbook with this file name.
    pub fn runbook(&self, file: &str) -> String {
        format!("{}/{file}", self.runbooks)
    }

    /// Console page of an alarm in its own region.
    pub fn alarm(&self, name: &str) -> String {
        format!("{}#alarmsV2:alarm/{}", console(&self.alarm), percent(name))
    }

    /// Console page of a dashboard in the region of the system.
    pub fn dashboard(&self, name: &str) -> String {
        format!("{}#dashboards/dashboard/{}", console(&self.home), percent(name))
    }

    /// Logs Insights over `groups`, from a while before `since` to a moment after `now`.
    pub fn logs(&self, groups: &[&str], since: Timestamp, now: Timestamp) -> String {
        let time = |at: Timestamp| star(&at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
        let (start, end) = (time(since - BEFORE), time(now + SignedDuration::from_mins(5)));
        let source: String = groups.iter().map(|group| format!("~'{}", star(group))).collect();
        let detail = format!(
            "~(end~'{end}~start~'{start}~timeType~'ABSOLUTE~tz~'UTC~editorString~'{}~source~({source}))",
            star(QUERY)
        );
        // The console escapes the whole of it twice, with `$` for `%`; letters, digits and `*xx` stay as they are.
        let escape = |c: char| match c {
            '~' => "$257E".to_owned(),
            '(' => "$2528".to_owned(),
            ')' => "$2529".to_owned(),
            '\'' => "$2527".to_owned(),
            other => other.to_string(),
        };
        let detail: String = detail.chars().map(escape).collect();
        format!("{}#logsV2:logs-insights$3FqueryDetail$3D{detail}", console(&self.home))
    }
}

/// The CloudWatch console of a region.
fn console(location: &AlarmLocation) -> String {
    let domain = match location.partition.as_str() {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{0}.{domain}/cloudwatch/home?region={0}", location.region)
}

/// A value as the console writes it into `queryDetail`: `*2f` for `/`.
fn star(text: &str) -> String {
    escaped(text, '*')
}

/// A value as part of a link: `%2f` for `/`.
fn percent(text: &str) -> String {
    escaped(text, '%')
}

fn escaped(text: &str, mark: char) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("{mark}{other:02x}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(partition: &str, alarm: &str, home: &str) -> Links {
        let location = |region: &str| AlarmLocation { partition: partition.to_owned(), region: region.to_owned() };
        Links { runbooks: "https://example.com/runbooks".into(), alarm: location(alarm), home: location(home) }
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-11-21T{time}:00Z").parse().unwrap()
    }

    #[test]
    fn an_alarm_of_another_region_is_linked_there_and_the_rest_at_home() {
        let links = links("aws", "us-east-1", "eu-central-1");
        let console = |region: &str| format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}");
        assert_eq!(links.alarm("acme prod/5xx"), format!("{}#alarmsV2:alarm/acme%20prod%2f5xx", console("us-east-1")));
        assert_eq!(links.dashboard("acme"), format!("{}#dashboards/dashboard/acme", console("eu-central-1")));
        assert_eq!(links.runbook("a.md"), "https://example.com/runbooks/a.md");
    }

    #[test]
    fn runbooks_are_an_absolute_https_url() {
        assert_eq!(runbooks_url("https://example.com/runbooks/").unwrap(), "https://example.com/runbooks");
        for text in ["docs/runbooks", "http://example.com", "https://", "https:///", "https://example .com"] {
            let error = runbooks_url(text).unwrap_err().to_string();
            assert_eq!(error, format!("RUNBOOKS_URL: got `{text}`, expected an absolute https:// URL"));
        }
    }

    #[test]
    fn every_partition_has_its_own_console() {
        let link = |partition: &str, region: &str| links(partition, region, region).dashboard("d");
        assert!(link("aws-cn", "cn-north-1").starts_with("https://cn-north-1.console.amazonaws.cn/cloudwatch/"));
        let gov = "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/";
        assert!(link("aws-us-gov", "us-gov-west-1").starts_with(gov));
    }

    #[test]
    fn logs_are_linked_as_the_console_writes_it() {
        let link = links("aws", "eu-central-1", "eu-central-1").logs(&["/ecs/acme-web"], at("10:20"), at("10:25"));
        let expected = concat!(
            "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1",
            "#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-21T10*3a30*3a00.000Z",
            "$257Estart$257E$25272026-11-21T10*3a05*3a00.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC",
            "$257EeditorString$257E$2527fields*20*40timestamp*2c*20*40message*0a*7c*20sort*20*40timestamp*20desc",
            "*0a*7c*20limit*20200$257Esource$257E$2528$257E$2527*2fecs*2facme-web$2529$2529",
        );
        assert_eq!(link, expected);
    }
}
