//! URLs as Nix 2.31 and later read and write them (`url.cc`).

use std::collections::BTreeMap;
use std::fmt;

/// A URL in parts: everything decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    /// As written.
    pub(super) scheme: String,
    /// `user:password@host:port`, re-encoded; `None` without `//`.
    pub(super) authority: Option<String>,
    /// Decoded segments: `/a/b` is `["", "a", "b"]`.
    pub(super) path: Vec<String>,
    /// Decoded parameters; of several with one name the first.
    pub(super) query: BTreeMap<String, String>,
    /// Decoded.
    pub(super) fragment: String,
}

/// Why a text is no URL, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadUrl(pub(super) String);

impl Url {
    /// Reads a URL as an attribute holds it.
    pub(super) fn parse_strictly(text: &str) -> Result<Self, BadUrl> {
        if text.contains([' ', '"', '^']) {
            return Err(BadUrl(format!("`{text}` is not a valid URL: a character in it")));
        }
        Self::parse(text)
    }

    /// Reads a URL as leniently as Nix does for flake inputs: spaces, quotes and brackets are
    /// allowed in the query.
    pub(super) fn parse(text: &str) -> Result<Self, BadUrl> {
        let bad = |reason: &str| BadUrl(format!("`{text}` is not a valid URL: {reason}"));
        let (scheme, rest) = text.split_once(':').ok_or_else(|| bad("it has no scheme"))?;
        let scheme_starts = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        if !scheme_starts || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            return Err(bad("it has no scheme"));
        }
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (Some(authority(&rest[..end]).ok_or_else(|| bad("its host or port"))?), &rest[end..])
            }
            None => (None, rest),
        };
        if !path.bytes().all(|byte| is_pchar(byte) || byte == b'/' || byte == b'%') {
            return Err(bad("a character in its path"));
        }
        if !is_query(query) {
            return Err(bad("a character in its query"));
        }
        if !is_fragment(fragment) {
            return Err(bad("a character in its fragment"));
        }
        // A file's URL without a path is that of the root.
        let is_file = scheme.split_once('+').map_or(scheme, |(_, transport)| transport) == "file";
        let path = if path.is_empty() && (is_file || scheme == "path") { "/" } else { path };
        let segments: Option<Vec<String>> = path.split('/').map(decode).collect();
        let url = Self {
            scheme: scheme.to_owned(),
            authority,
            path: if path.is_empty() { Vec::new() } else { segments.ok_or_else(|| bad("its percent-encoding"))? },
            query: decode_query(query).ok_or_else(|| bad("its percent-encoding"))?,
            fragment: decode(fragment).ok_or_else(|| bad("its percent-encoding"))?,
        };
        if is_file && url.has_host() { Err(bad("a file has no host")) } else { Ok(url) }
    }

    /// Whether there is a host: the authority can be there and name none.
    pub(super) fn has_host(&self) -> bool {
        let host = self.authority.as_ref().and_then(|authority| authority.rsplit('@').next());
        host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.scheme)?;
        if let Some(authority) = &self.authority {
            write!(formatter, "//{authority}")?;
        }
        let segments: Vec<String> = self.path.iter().map(|segment| encode(segment, ":@")).collect();
        formatter.write_str(&segments.join("/"))?;
        if !self.query.is_empty() {
            write!(formatter, "?{}", encode_query(&self.query))?;
        }
        if !self.fragment.is_empty() {
            write!(formatter, "#{}", encode(&self.fragment, ""))?;
        }
        Ok(())
    }
}

/// Parameters as Nix writes them: sorted, joined by `&`.
pub(super) fn encode_query(query: &BTreeMap<String, String>) -> String {
    let pair = |(name, value): (&String, &String)| format!("{}={}", encode(name, ":@/?"), encode(value, ":@/?"));
    query.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Whether the characters are those of a fragment, as leniently as Nix takes them.
pub(super) fn is_fragment(text: &str) -> bool {
    text.bytes().all(|byte| is_pchar(byte) || b"/?% \"^".contains(&byte))
}

fn is_query(text: &str) -> bool {
    text.bytes().all(|byte| is_pchar(byte) || b"/?% \"[]".contains(&byte))
}

/// Parameters, decoded; one without `=` is dropped, as Nix does with a warning. `None` where the text is no query.
pub(super) fn decode_query(text: &str) -> Option<BTreeMap<String, String>> {
    if !is_query(text) {
        return None;
    }
    let mut query = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            decode(pair)?;
            continue;
        };
        query.entry(decode(name)?).or_insert(decode(value)?);
    }
    Some(query)
}

/// Percent-encodes all but letters, digits, `-._~` and the characters of `keep`; hexadecimal in upper case.
pub(super) fn encode(text: &str, keep: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    encoded
}

/// Undoes percent-encoding. `None` for a broken sequence, and for bytes that are not UTF-8, which no attribute of a
/// lock can hold.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Whether the text is an address of a version that is still to come, `v1.x` (RFC 3986, `IPvFuture`).
fn is_future_address(text: &str) -> bool {
    let parts = text.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(version, address)| {
        let is_address = |byte: u8| is_pchar(byte) && byte != b'@';
        !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && address.bytes().all(is_address)
    })
}

/// Checks `user:password@host:port` and writes it as Nix does.
fn authority(text: &str) -> Option<String> {
    let (user, host) = match text.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, text),
    };
    let (host, port) = match host.rfind(']') {
        Some(end) if end + 1 == host.len() => (host, None),
        Some(end) => (&host[..=end], Some(host[end + 1..].strip_prefix(':')?)),
        None => match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        },
    };
    let mut written = String::new();
    if let Some(user) = user {
        if !user.bytes().all(|byte| (is_pchar(byte) && byte != b'@') || byte == b'%') {
            return None;
        }
        let parts: Option<Vec<String>> = user.splitn(2, ':').map(|part| Some(encode(&decode(part)?, ""))).collect();
        written.push_str(&parts?.join(":"));
        written.push('@');
    }
    if host.starts_with('[') {
        let inner = host.strip_prefix('[')?.strip_suffix(']')?;
        if !is_future_address(inner) && inner.parse::<std::net::Ipv6Addr>().is_err() {
            return None;
        }
        written.push('[');
        written.push_str(&encode(inner, ":"));
        written.push(']');
    } else {
        if !host.bytes().all(|byte| (is_pchar(byte) && byte != b':' && byte != b'@') || byte == b'%') {
            return None;
        }
        written.push_str(&encode(&decode(host)?, ""));
    }
    if let Some(port) = port.filter(|port| !port.is_empty()) {
        let number: u16 = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok())??;
        if number == 0 {
            return None;
        }
        written.push(':');
        written.push_str(&number.to_string());
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        Url::parse(text).map_or_else(|bad| bad.0, |url| url.to_string())
    }

    #[test]
    fn written_as_nix_writes() {
        assert_eq!(again("https://example.org/f/x/0.1.*.tar.gz"), "https://example.org/f/x/0.1.%2A.tar.gz");
        assert_eq!(again("https://h/a+b?b=2&a=1&b=3&c"), "https://h/a%2Bb?a=1&b=2");
        assert_eq!(again("https://u@h:443/a%2Fb~:@"), "https://u@h:443/a%2Fb~:@");
        assert_eq!(again("https://h"), "https://h");
        assert_eq!(again("https://[v1.a!b]:8/"), "https://[v1.a%21b]:8/");
    }

    #[test]
    fn not_urls() {
        for text in [
            "",
            "a",
            ":x",
            "https://h:x/",
            "https://h:0/",
            "x:a%2",
            "x:a b",
            "https://[::1]x/",
            "https://[v.a]/",
            "git+ssh://git@h:owner/r",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }
}
