//! What queries are understood as, and what is said of those that are not.

use super::Query;

#[test]
fn queries_are_grouped_as_they_are_meant() {
    let table = [
        ("", "(and)"),
        ("  ", "(and)"),
        ("a", r#""a""#),
        ("a b", r#"(and "a" "b")"#),
        ("a and b AND c && d", r#"(and "a" "b" "c" "d")"#),
        ("a or b c || d", r#"(or "a" (and "b" "c") "d")"#),
        ("(a or b) c", r#"(and (or "a" "b") "c")"#),
        ("not a b", r#"(and (not "a") "b")"#),
        ("-a !b", r#"(and (not "a") (not "b"))"#),
        ("not not (a or -b)", r#"(not (not (or "a" (not "b"))))"#),
        ("a - b", r#"(and "a" "-" "b")"#),
        ("AAPL-5 don't x,y hello!", r#"(and "AAPL-5" "don't" "x,y" "hello!")"#),
        ("android orange nothing", r#"(and "android" "orange" "nothing")"#),
        (r#""a \"b\" \u0041" 'c "d"'"#, r#"(and "a \"b\" A" "c \"d\"")"#),
        (r"/a\/b/i /c/", r"(and /a\/b/i /c/)"),
        ("-/a/", "(not /a/)"),
        ("kind:Ping,pong", "(kind ping pong)"),
        ("kind != ping and kind in (open, closed)", "(and (kind not ping) (kind open closed))"),
        ("dir:in dir = out", "(and (dir in) (dir out))"),
        ("size>=2kB", "(size >= 2000)"),
        ("size:>1KiB", "(size > 1024)"),
        ("size = 5 wire != 5", "(and (size in 5) (wire not in 5))"),
        ("latency>5 latency<5us", "(and (latency > 5000000) (latency < 5000))"),
        ("t>12.5 t < 1m", "(and (t > 12500000000) (t < 60000000000))"),
        ("status:404,5xx", "(status in 404 500..599)"),
        ("code:* has(latency)", "(and (code known) (latency known))"),
        ("id:1795:1 id>5", "(and (id like 1795:1) (id > 5))"),
        (r#"symbol = "AAPL" and size > 60"#, r#"(and ($.symbol = "AAPL") (size > 60))"#),
        (
            ".size>60 $.size==60 $[\"a b\"].c:x",
            "(and ($.size > 60) ($.size = 60) ($.a b.c like x))",
        ),
        ("data.items[0].price >= -10.5", "($.data.items.0.price >= -10.5)"),
        ("items[*].id in (1, \"2\", x, true)", r#"($.items.*.id in 1 "2" "x" true)"#),
        ("ok = true x = null y = Z", r#"(and ($.ok = true) ($.x = null) ($.y = "Z"))"#),
        ("symbol ~ /a b/i name ~ tick", r#"(and ($.symbol ~ /a b/i) (name has "tick"))"#),
        ("symbol:* error:\"*\"", "(and ($.symbol like *) ($.error like *))"),
        ("status.code = 5 $ > 3", "(and ($.status.code = 5) ($ > 3))"),
        ("in out", r#"(and "in" "out")"#),
        ("größe = 5 \u{1f980}", "(and ($.größe = 5) \"\u{1f980}\")"),
    ];
    for (text, wanted) in table {
        match Query::parse(text) {
            Ok(query) => assert_eq!(query.to_string(), wanted, "{text}"),
            Err(error) => panic!("{text}\n{}\n{error}", error.carets(text)),
        }
    }
}

/// Queries with the wrong part marked beneath, and what is said of it.
#[test]
fn what_is_wrong_is_marked_and_said() {
    let table = [
        ("size >", "      ^", "expected a value after >"),
        ("a and", "     ^", "expected a condition after and"),
        ("a or or b", "     ^^", "expected a condition after or"),
        ("and b", "^^^", "expected a condition"),
        ("not", "   ^", "expected a condition after not"),
        ("()", " ^", "expected a condition after ("),
        ("(a or b", "^", "this parenthesis is never closed; expected )"),
        ("a) b", " ^", "there is no ( that this closes"),
        ("a \"bc", "  ^", "this quote is never closed; expected another \""),
        ("x = 'bc", "    ^", "this quote is never closed; expected another '"),
        (r#""a\q""#, "  ^^", "no such escape"),
        ("= 5", "^", "expected a field before ="),
        ("<b>", "^", "expected a field before <"),
        ("{\"type\":1}", " ^", "text with quotes in it goes in quotes"),
        ("12:30", "  ^", "no field can be named so"),
        ("http://x", "    ^", "no field can be named so; text with : in it goes in quotes"),
        ("kind:pingg", "     ^^^^^", "no kind of event is called so; one of connecting, open,"),
        ("kind:ping,x", "          ^", "no kind of event is called so"),
        ("kind > ping", "     ^", "kind is compared with : = != or in (…)"),
        ("dir:up", "    ^^", "no direction is called so; one of in, out, local"),
        ("latency>5kg", "         ^^", "no such unit; one of ns, us, ms, s, m, h"),
        ("size > many", "       ^^^^", "expected a number, as in size >= 2kB"),
        ("size > 2s", "        ^", "no such unit; one of B, kB"),
        ("n = 2kB", "     ^^", "expected a number, as in n > 100"),
        ("status > 4xx", "          ^^", "expected a number, as in status"),
        ("size ~ /5/", "     ^", "size is a number and takes"),
        ("symbol > AAPL", "         ^^^^", "expected a number, or text in quotes"),
        ("symbol in (a b", "             ^", "expected , or ) in the list"),
        ("symbol in (a,", "             ^", "expected a value after ,"),
        ("a..b = 5", "  ^^", "expected a name, or a place in [ ]"),
        ("a[x] = 5", " ^^^", "expected a name, or a place in [ ]"),
        ("a[ = 5", " ^", "expected a name, or a place in [ ]"),
        ("has()", "    ^", "expected one field, as in has(symbol)"),
        ("has(a b)", "      ^", "expected one field, as in has(symbol)"),
        ("count(x)", "^^^^^", "only has is followed by a parenthesis"),
        ("/a", "^", "this regular expression is never closed with /"),
        ("/v1/health", "    ^", "only i may follow a regular expression"),
        ("x /a(b/", "    ^", "not a regular expression: unclosed group"),
        ("x ~ /[z-a]/", "      ^^^", "not a regular expression: invalid character class range"),
        ("/\\w{9999}/", " ^^^^^^^^", "this regular expression is too large"),
        ("größe > ä", "        ^", "expected a number, or text in quotes"),
    ];
    for (text, carets, said) in table {
        let Err(error) = Query::parse(text) else { panic!("{text} is understood") };
        assert_eq!(error.carets(text), carets, "{text}\n{error}");
        assert!(error.to_string().starts_with(said), "{text}\n{error}");
    }
}

#[test]
fn no_text_is_too_much() {
    let deep = |open: &str, most| open.repeat(most) + "x" + &")".repeat(most);
    assert!(Query::parse(&deep("(", 60)).is_ok());
    let table = [
        deep("(", 1000),
        "not ".repeat(900) + "x",
        "-".repeat(1000) + "x",
        "x".repeat(5000),
        "ä".repeat(2500),
        format!("/{}a{}/", "(".repeat(500), ")".repeat(500)),
        format!("a{} = 1", ".b".repeat(100)),
        "[".repeat(2000) + " = 1",
        "/(?:a{500}){500}/".into(),
        "\u{0}".repeat(3) + "(",
    ];
    for text in table {
        assert!(Query::parse(&text).is_err(), "{text}");
    }
    let mut noise = fastrand::Rng::with_seed(7);
    let parts = [
        "(",
        ")",
        "\"",
        "'",
        "/",
        "\\",
        "=",
        "<",
        ">",
        "~",
        "!",
        ":",
        ",",
        "[",
        "]",
        ".",
        "*",
        "$",
        "a",
        "size",
        "kind",
        "not",
        "and",
        " ",
        "ä",
        "5",
        "in",
        "has",
        "-",
        "\u{1f980}",
        "u12",
    ];
    for _ in 0..20_000 {
        let text: String =
            (0..noise.usize(..12)).map(|_| parts[noise.usize(..parts.len())]).collect();
        if let Err(error) = Query::parse(&text) {
            assert!(text.get(error.span.clone()).is_some(), "{text}: {error:?}");
            assert!(error.carets(&text).contains('^'));
        }
    }
}
