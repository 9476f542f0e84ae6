//! Flakes and locks that nobody writes, thought out by hand: what a reader could take for something else than Nix does.

use crate::case::Files;

/// What the inputs say, and `original` in the lock.
const REFERENCES: &[(&str, &str)] = &[
    (
        r#"a = { type = "github"; owner = "o"; repo = "a"; lastModified = 1; };"#,
        r#"{"owner":"o","repo":"a","type":"github","lastModified":1}"#,
    ),
    (
        r#"a = { type = "github"; owner = "o"; repo = "a"; lastModified = 18446744073709551615; };"#,
        r#"{"owner":"o","repo":"a","type":"github","lastModified":-1}"#,
    ),
    (r#"a.url = "github:o/$a";"#, r#"{"owner":"o","repo":"$a","type":"github"}"#),
    (r#"a.url = "github:o/a\n";"#, r#"{"path":"github:o/a\n","type":"path"}"#),
    (r#"a.url = "nixpkgs/";"#, r#"{"id":"nixpkgs","type":"indirect"}"#),
    (r#"a.url = "nixpkgs//";"#, r#"{"id":"nixpkgs","type":"indirect"}"#),
    (r#"a.url = "NIXPKGS";"#, r#"{"id":"NIXPKGS","type":"indirect"}"#),
    (r#"a.url = "nixpkgs/x.lock";"#, r#"{"id":"nixpkgs","ref":"x.lock","type":"indirect"}"#),
    (
        r#"a.url = "nixpkgs/a//0123456789012345678901234567890123456789//";"#,
        r#"{"id":"nixpkgs","ref":"a","rev":"0123456789012345678901234567890123456789","type":"indirect"}"#,
    ),
    (r#"a.url = "?dir=x";"#, r#"{"path":"/","dir":"x","type":"path"}"#),
    (r##"a.url = "#";"##, r#"{"path":"/","type":"path"}"#),
    (r#"a.url = "/x/../y/./z";"#, r#"{"path":"/x/../y/./z","type":"path"}"#),
    (r#"a.url = "path:///x//y/";"#, r#"{"path":"/x/y/","type":"path"}"#),
    (r#"a.url = "path://u@/x";"#, r#"{"path":"/x","type":"path"}"#),
    (r#"a.url = "path:./a%2fb";"#, r#"{"path":"path:./a%2fb","type":"path"}"#),
    (r#"a.url = "path:/x?lastModified=+5";"#, r#"{"path":"/x","lastModified":5,"type":"path"}"#),
    (r#"a.url = "path:/x?lastModified=005";"#, r#"{"path":"/x","lastModified":5,"type":"path"}"#),
    (
        r#"a.url = "path:/x?lastModified=18446744073709551615";"#,
        r#"{"path":"/x","lastModified":18446744073709551615,"type":"path"}"#,
    ),
    (r#"a.url = "https://[FE80::1]/x";"#, r#"{"type":"tarball","url":"https://[FE80::1]/x"}"#),
    (r#"a.url = "https://[v1.ab]/x";"#, r#"{"type":"tarball","url":"https://[v1.ab]/x"}"#),
    (r#"a.url = "https://1.2.3.4/x";"#, r#"{"type":"tarball","url":"https://1.2.3.4/x"}"#),
    (r#"a.url = "https://h%41%2f/x";"#, r#"{"type":"tarball","url":"https://hA%2F/x"}"#),
    (r#"a.url = "https://HOST/x";"#, r#"{"type":"tarball","url":"https://HOST/x"}"#),
    (r#"a.url = "https://h:0080/x";"#, r#"{"type":"tarball","url":"https://h:80/x"}"#),
    (r#"a.url = "https://@h/x";"#, r#"{"type":"tarball","url":"https://@h/x"}"#),
    (r#"a.url = "https://u:@h/x";"#, r#"{"type":"tarball","url":"https://u:@h/x"}"#),
    (r#"a.url = "https://u:a:b@h/x";"#, r#"{"type":"tarball","url":"https://u:a%3Ab@h/x"}"#),
    (r#"a.url = "https://h/x?";"#, r#"{"type":"tarball","url":"https://h/x"}"#),
    (r#"a.url = "https://h/x?&&a=1&";"#, r#"{"type":"tarball","url":"https://h/x?a=1"}"#),
    (r#"a.url = "https://h/x?=1";"#, r#"{"type":"tarball","url":"https://h/x?=1"}"#),
    (r#"a.url = "https://h/x?a=b+c";"#, r#"{"type":"tarball","url":"https://h/x?a=b%2Bc"}"#),
    (r#"a.url = "https:///x";"#, r#"{"type":"tarball","url":"https:///x"}"#),
    (r#"a.url = "https:x";"#, r#"{"type":"tarball","url":"https:x"}"#),
    (r#"a = { type = "tarball"; url = "https://h/a+b"; };"#, r#"{"type":"tarball","url":"https://h/a%2Bb"}"#),
    (r#"a = { type = "tarball"; };"#, r#"{"type":"tarball"}"#),
    (r#"a = { type = "git"; url = ./sub; };"#, r#"{"type":"git","url":"path:sub"}"#),
    (r#"a = { type = "file"; url = "not a url"; };"#, r#"{"type":"file","url":"not a url"}"#),
    (r#"a.url = "git+https://h/x?dir=s";"#, r#"{"type":"git","url":"https://h/x?dir=s","dir":"s"}"#),
    (r#"a.url = "git+https://h/x?dir=s";"#, r#"{"type":"git","url":"https://h/x?dir=t","dir":"s"}"#),
    (r#"a.url = "https://[::ffff:1.2.3.4]/x";"#, r#"{"type":"tarball","url":"https://[::ffff:1.2.3.4]/x"}"#),
    (r#"a.url = "https://[0:0:0:0:0:0:0:1]/x";"#, r#"{"type":"tarball","url":"https://[0:0:0:0:0:0:0:1]/x"}"#),
    (r#"a.url = "https://[vF.a:b]/x";"#, r#"{"type":"tarball","url":"https://[vF.a:b]/x"}"#),
    (r#"a.url = "https://[v1.a%2fb]/x";"#, r#"{"type":"tarball","url":"https://[v1.a%252fb]/x"}"#),
    (r#"a.url = "https://[v.a]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[::1/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[::1]x/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[::1]:/x";"#, r#"{"type":"tarball","url":"https://[::1]/x"}"#),
    (r#"a.url = "https://1.2.3.4.5/x";"#, r#"{"type":"tarball","url":"https://1.2.3.4.5/x"}"#),
    (r#"a.url = "https://a[b]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[v1.a!b]/";"#, r#"{"type":"tarball","url":"https://[v1.a%21b]/"}"#),
    (r#"a.url = "https://[::1%25]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[::G]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[1::2::3]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[::01.2.3.4]/x";"#, r#"{"type":"tarball","url":"x"}"#),
    (r#"a.url = "https://[::12345]/x";"#, r#"{"type":"tarball","url":"x"}"#),
];

/// The rest of a flake.nix beside the usual lock.
const FLAKES: &[&str] = &[
    r#"inputs = { a.url = "github:o/a"; self.inputs = { }; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; self.flake = true; }; outputs = _: { };"#,
    r#"inputs = { self = "x";a.url = "github:o/a"; }; outputs = _: { };"#,
    r#"inputs = { a = { url = "github:o/a"; flake = null; }; }; outputs = _: { };"#,
    "inputs = { a.url = ''\n github:o/a\n''; }; outputs = _: { };",
    "inputs = { a.url = ''\n   github:o/a''; }; outputs = _: { };",
    "inputs = { a.url = ''  github:o/a   ''; }; outputs = _: { };",
    r#"inputs = { a.url = "github:o\/a"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/$${a}"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/\${a}"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "./x#\n"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a\r"; }; outputs = _: { };"#,
    "inputs = { a.url = \"\tgithub:o/a\"; }; outputs = _: { };",
    r#"inputs = { a.url = "nixpkgs/@"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "nixpkgs/a..b"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "https://h:65536/x"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "a/b:c"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "https://h/x#?y"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github://h/o/a"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:///o/a"; }; outputs = _: { };"#,
    r#"inputs = { a = { type = "foo"; }; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; a = { flake = true; }; }; outputs = _: { };"#,
    r#"inputs = { "a".url = "github:o/a"; }; outputs = _: { };"#,
    r#"inputs = { ${"a"}.url = "github:o/a"; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; a.inputs = null; }; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; outputs = { self, a, b }: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; outputs = { self, a, b ? 1 }: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; outputs = { self, a' }: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = ./missing; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = ../..; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = /etc/passwd; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = -1; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = [ ]; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = ../.; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = ./.; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = ../foo/bar; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = /nix/store/00000000000000000000000000000000-x; outputs = _: { };"#,
    r#"inputs = { a.url = "github:o/a"; }; nixConfig.x = /.; outputs = _: { };"#,
    "outputs = _: { };",
    "outputs = _: { }; # a\0b\n",
    "outputs = _: { };\r\n",
];

/// What to replace in the usual lock.
const SWAPS: &[(&str, &str)] = &[
    (r#""version":7"#, r#""version":7e0"#),
    (r#""version":7"#, r#""version":70e-1"#),
    (r#""version":7"#, r#""version":-0"#),
    (r#""version":7"#, r#""version":07"#),
    (r#""version":7"#, r#""version":7."#),
    (r#""version":7"#, r#""version":1e400"#),
    (r#""version":7"#, r#""version":NaN"#),
    (r#""version":7"#, r#""version":+7"#),
    (r#""version":7"#, r#""version":7,"#),
    (r#""version":7"#, r#""version":7 /* x */"#),
    (r#""root":"root""#, "\"x\":\"a\tb\",\"root\":\"root\""),
    (r#""root":"root""#, r#""x":"\ud800","root":"root""#),
    (r#""root":"root""#, r#""x":"\udc00\ud800","root":"root""#),
    (r#""root":"root""#, r#""x":"\ud83d\ude00","root":"root""#),
    (r#""root":"root""#, r#""x":"\u0000","root":"root""#),
    (r#""root":"root""#, r#""x":"\x","root":"root""#),
    (r#""root":"root""#, r#""x":"\U0041","root":"root""#),
    (r#""root":"root""#, r#""root":"no","root":"root""#),
    (r#""version":7"#, r#""version":9,"version":7"#),
    (r#""root":"root""#, r#""x":123456789012345678901234567890,"root":"root""#),
    (r#""root":"root""#, r#""x":1e999,"root":"root""#),
    (r#""root":"root""#, "\u{b}\"root\":\"root\""),
    (r#""root":"root""#, "\u{a0}\"root\":\"root\""),
    (r#""root":"root""#, r#""roo\u0074":"root""#),
    (r#""root":"root""#, r#""x":True,"root":"root""#),
    (r#""repo":"a""#, r#""lastModified":5.5,"repo":"a""#),
    (r#""repo":"a""#, r#""lastModified":-5,"repo":"a""#),
    (r#""repo":"a""#, r#""lastModified":99999999999999999999,"repo":"a""#),
    (r#""repo":"a""#, r#""lastModified":"5","repo":"a""#),
    (r#""repo":"a""#, r#""lastModified":true,"repo":"a""#),
    (r#""repo":"a""#, r#""ref":"x","repo":"a""#),
    (r#""repo":"a""#, r#""host":"a_b","repo":"a""#),
    (r#""repo":"a""#, r#""host":"h:1","repo":"a""#),
    (r#""version":7"#, r#""version":4294967303"#),
    (r#""version":7"#, r#""version":-4294967289"#),
    (r#""root":{"#, r#""root":{"locked":1,"original":[],"parent":3,"flake":0,"#),
];

/// `locked` of the usual input.
const LOCKED: &[&str] = &[
    r#"{"type":"github","owner":"o","repo":"a"}"#,
    r#"{"type":"github","owner":"o","repo":"a","narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
    r#"{"type":"git","url":"https://h/x","rev":"0000000000000000000000000000000000000000"}"#,
    r#"{"type":"git","url":"https://h/x","rev":"00000000000000000000000000000000"}"#,
    r#"{"type":"git","url":"https://h/x","rev":"md5:00000000000000000000000000000000"}"#,
    r#"{"type":"git","url":"file:///x","narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
    r#"{"type":"indirect","id":"x"}"#,
    r#"{"type":"indirect","id":"x","narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
    r#"{"type":"tarball","url":"not a url","narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
    r#"{"type":"tarball","narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
    r#"{"type":"github","owner":"o","repo":"a","rev":"1111111111111111111111111111111111111111","__final":true}"#,
];

/// More inputs in flake.nix, the root's `inputs` in flake.lock, and more of the usual node.
const GRAPHS: &[(&str, &str, &str)] = &[
    (r#"b.follows = "";"#, r#"{"a":"a","b":[]}"#, ""),
    (r#"b.follows = "/";"#, r#"{"a":"a","b":[]}"#, ""),
    (r#"b.follows = "b";"#, r#"{"a":"a","b":["b"]}"#, ""),
    (r#"b.follows = "a/.";"#, r#"{"a":"a","b":["a"]}"#, ""),
    (r#"b.follows = "a";"#, r#"{"a":"a","b":[""]}"#, ""),
    (r#"b.follows = "a";"#, r#"{"a":"a","b":"a"}"#, ""),
    (r#"a.inputs.b.follows = "";"#, r#"{"a":"a"}"#, r#","inputs":{"b":[]}"#),
    (r#""0".url = "github:o/a";"#, r#"["a"]"#, ""),
    (r#""0".url = "github:o/a";"#, r#"["a","a"]"#, ""),
    ("", r#"["b"]"#, ""),
    ("", "[1]", ""),
    ("", "true", ""),
    ("", "[]", ""),
    (r#""".url = "github:o/a";"#, r#""a""#, ""),
    (r#""".url = "github:o/a";"#, r#"{"a":"a","":"a"}"#, ""),
    (r#""" = { };"#, r#"{"a":"a","":"a"}"#, ""),
    ("", r#"{"a":"a"}"#, r#","parent":[]"#),
    ("", r#"{"a":"a"}"#, r#","flake":true"#),
    ("", r#"{"a":"a"}"#, r#","flake":false"#),
    ("", r#"{"a":"a"}"#, r#","inputs":{}"#),
    ("", r#"{"a":"a"}"#, r#","inputs":null"#),
    ("", r#"{"a":"a"}"#, r#","inputs":"a""#),
    ("", r#"{"a":"a"}"#, r#","info":[]"#),
    ("", r#"{"a":"a"}"#, r#","info":["x"]"#),
    ("", r#"{"a":"a"}"#, r#","info":"x""#),
];

const USUAL: &str = r#"a.url = "github:o/a";"#;
const PINNED: &str = r#"{"type":"github","owner":"o","repo":"a","rev":"1111111111111111111111111111111111111111"}"#;
const ASKED: &str = r#"{"type":"github","owner":"o","repo":"a"}"#;

fn lock(edges: &str, locked: &str, original: &str, more: &str) -> String {
    format!(
        r#"{{"nodes":{{"root":{{"inputs":{edges}}},"a":{{"locked":{locked},"original":{original}{more}}}}},"root":"root","version":7}}"#
    )
}

fn flake(inputs: &str) -> String {
    format!("{{ inputs = {{ {inputs} }}; outputs = _: {{ }}; }}\n")
}

fn files(nix: String, lock: impl Into<Vec<u8>>) -> Files {
    Files::from([("flake.nix".to_owned(), nix.into_bytes()), ("flake.lock".to_owned(), lock.into())])
}

/// A relative input whose lock says something else than what was asked for: Nix goes by the latter.
fn locked_elsewhere(locked: &str) -> Files {
    let sub = r#"{ inputs.b.follows = "c"; inputs.c.url = "github:o/a"; outputs = _: { }; }"#;
    let node = format!(
        r#"{{"inputs":{{"b":["s","c"],"c":"a"}},"locked":{locked},"original":{{"path":"./sub","type":"path"}},"parent":[]}}"#
    );
    let lock = lock(r#"{"s":"s"}"#, PINNED, ASKED, &format!(r#"}},"s":{}"#, &node[..node.len() - 1]));
    let mut files = files(flake("s.url = \"./sub\";"), lock);
    files.insert("sub/flake.nix".to_owned(), sub.into());
    files.insert("sub/in/flake.nix".to_owned(), sub.into());
    files.insert("other/flake.nix".to_owned(), b"{ outputs = _: { }; }".to_vec());
    files
}

/// All of them.
pub(crate) fn all() -> Vec<Files> {
    let edges = r#"{"a":"a"}"#;
    let usual = lock(edges, PINNED, ASKED, "");
    let mut all = Vec::new();
    all.extend(REFERENCES.iter().map(|(input, original)| files(flake(input), lock(edges, PINNED, original, ""))));
    all.extend(FLAKES.iter().map(|rest| files(format!("{{ {rest} }}\n"), usual.clone())));
    all.extend(SWAPS.iter().map(|(from, to)| {
        assert!(usual.contains(from), "{from} is not in {usual}");
        files(flake(USUAL), usual.replacen(from, to, 1))
    }));
    all.extend(LOCKED.iter().map(|locked| files(flake(USUAL), lock(edges, locked, ASKED, ""))));
    all.extend(
        GRAPHS
            .iter()
            .map(|(inputs, edges, more)| files(flake(&format!("{USUAL} {inputs}")), lock(edges, PINNED, ASKED, more))),
    );
    let around = [
        ("\u{feff}", ""),
        ("\u{feff}\u{feff}", ""),
        ("", "\r\n \t"),
        ("", "\0"),
        ("", " \0x"),
        ("", "x"),
        ("\u{b}", ""),
    ];
    all.extend(around.map(|(before, after)| files(flake(USUAL), format!("{before}{usual}{after}"))));
    for bytes in [&b"\xe9"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\x7f", b"\xf4\x90\x80\x80"] {
        let (before, after) = usual.split_at(1);
        all.push(files(flake(USUAL), [before.as_bytes(), b"\"x\":\"", bytes, b"\",", after.as_bytes()].concat()));
    }
    all.extend(
        ["\u{a0}", "\u{85}", "\u{2003}", "\u{feff}", "\u{b}", "\u{c}"]
            .map(|blank| files(flake(USUAL).replacen(' ', blank, 1), usual.clone())),
    );
    for end in ["\0 x }", "\n\0\n"] {
        all.push(files(format!("{}{end}", flake(USUAL)), usual.clone()));
    }
    all.extend(
        [
            r#"{"path":"./other","type":"path"}"#,
            r#"{"path":"./sub","dir":"in","type":"path"}"#,
            PINNED,
            // The hash of a relative input means nothing, and is read.
            r#"{"path":"./sub","narHash":"","type":"path"}"#,
            r#"{"path":"./sub","narHash":5,"type":"path"}"#,
            r#"{"path":"./sub","narHash":"4a3c19363b344fcc2d6f247ae54b5f148e284307","type":"path"}"#,
        ]
        .map(locked_elsewhere),
    );
    all
}
