//! The little of HTTP/1.1 that a benchmark's servers need: keep-alive, a length or chunks, nothing else.
//!
//! A web framework would add its own cost to every call that is measured, and its own dependencies to `xtask`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Instant;

/// One request as it arrived.
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Header names in lower case.
    headers: Vec<(String, String)>,
    /// The body, whatever its transfer encoding.
    pub body: Vec<u8>,
    /// When its first byte was there.
    pub began: Instant,
}

impl Request {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One kept-alive connection, seen from the server.
pub struct Connection<S: Read + Write> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Connection<S> {
    /// Serves `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::with_capacity(64 * 1024, stream) }
    }

    /// The next request, or `None` when the peer has gone.
    pub fn read(&mut self) -> io::Result<Option<Request>> {
        match self.stream.fill_buf() {
            Ok([]) => return Ok(None),
            Ok(_) => {}
            // A killed process closes without a TLS goodbye.
            Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let began = Instant::now();
        let start = self.line()?;
        let mut words = start.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Err(invalid(format!("request line {start:?}")));
        };
        let mut request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::with_capacity(24),
            body: Vec::new(),
            began,
        };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid(format!("header {line:?}")))?;
            request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        request.body = self.body(&request)?;
        Ok(Some(request))
    }

    /// Writes one answer in one piece, so that it leaves in as few packets as possible.
    pub fn write(&mut self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut answer = Vec::with_capacity(body.len() + 512);
        // No client reads the phrase after the number.
        write!(answer, "HTTP/1.1 {status} .\r\ncontent-length: {}\r\n", body.len())?;
        for (name, value) in headers {
            write!(answer, "{name}: {value}\r\n")?;
        }
        answer.extend_from_slice(b"\r\n");
        answer.extend_from_slice(body);
        let stream = self.stream.get_mut();
        stream.write_all(&answer)?;
        stream.flush()
    }

    fn body(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            loop {
                let size = self.line()?;
                let size = size.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16).map_err(|_| invalid(format!("chunk size {size:?}")))?;
                (&mut self.stream).take(size).read_to_end(&mut body)?;
                if self.line()?.is_empty() && size == 0 {
                    return Ok(body);
                }
            }
        }
        let length = match request.header("content-length") {
            None => 0,
            Some(value) => value.parse().map_err(|_| invalid(format!("content-length {value:?}")))?,
        };
        body.resize(length, 0);
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn only(text: &str) -> Request {
        Connection::new(Cursor::new(text.as_bytes().to_vec())).read().unwrap().unwrap()
    }

    #[test]
    fn reads_a_body_by_its_length() {
        let request = only("POST / HTTP/1.1\r\nX-Amz-Target: A.B\r\nContent-Length: 2\r\n\r\n{}rest");
        assert_eq!(request.header("x-amz-target"), Some("A.B"));
        assert_eq!(request.body, b"{}");
    }

    #[test]
    fn reads_a_body_in_chunks() {
        let request = only("POST /r HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n");
        assert_eq!((request.path.as_str(), request.body.as_slice()), ("/r", &b"abcd"[..]));
    }

    #[test]
    fn a_closed_connection_is_the_end_and_half_a_request_is_an_error() {
        assert!(Connection::new(Cursor::new(Vec::new())).read().unwrap().is_none());
        assert!(Connection::new(Cursor::new(b"GET / HTTP/1.1\r\nHo".to_vec())).read().is_err());
    }
}
