//! Requests as a program without an SDK sends them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use xtask::client::Address;

/// A request: its first line without the version, its headers, its body.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn new(line: &str, body: &str) -> Request {
        Request { line: line.to_owned(), headers: Vec::new(), body: body.to_owned() }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, to the cloud's own address, as every client names it.
    pub fn to(self, address: &Address) -> Request {
        self.with("Host", address.endpoint.strip_prefix("http://").unwrap())
    }

    /// The same, signed for a service with an access key; the emulator looks at no more of a signature.
    pub fn signed(self, access_key: &str, service: &str) -> Request {
        let scope = format!("{access_key}/20261128/eu-central-1/{service}/aws4_request");
        self.with(
            "Authorization",
            &format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={}", "0".repeat(64)),
        )
    }

    /// Status and everything else of the response.
    pub fn send(&self, address: &Address) -> (u16, String) {
        let mut stream = TcpStream::connect(address.endpoint.strip_prefix("http://").unwrap()).unwrap();
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let upgrade = headers.contains("Connection: Upgrade");
        let close = if upgrade {
            String::new()
        } else {
            format!("Connection: close\r\nContent-Length: {}\r\n", self.body.len())
        };
        write!(stream, "{} HTTP/1.1\r\n{headers}{close}\r\n{}", self.line, self.body).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        (status, response)
    }
}
