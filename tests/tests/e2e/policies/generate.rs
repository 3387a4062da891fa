//! Texts of policies by the grammar of HCL's first generation and its JSON, most of them a little damaged. The same for
//! the same seed.

use super::words::{CAPABILITIES, DURATIONS, ODD_CAPABILITIES, ODD_PATHS, PATHS, PIECES, SCALARS, TEXTS};

/// Where choices come from (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("it is below")
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'a>(&mut self, these: &[&'a str]) -> &'a str {
        these[self.below(these.len())]
    }
}

/// One text.
pub(crate) fn text(dice: &mut Dice) -> String {
    let mut text = if dice.once_in(3) { json(dice) } else { hcl(dice) };
    if dice.once_in(2) {
        (0..=dice.below(3)).for_each(|_| damage(&mut text, dice));
    }
    text
}

fn damage(text: &mut String, dice: &mut Dice) {
    let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (one, other) = (dice.below(places.len()), dice.below(places.len().min(8)));
    let (from, to) = (places[one], places[(one + other).min(places.len() - 1)]);
    match dice.below(5) {
        0 => text.replace_range(from..to, ""),
        1 => {
            let again = text[from..to].to_owned();
            text.insert_str(from, &again);
        }
        2 => text.replace_range(from..places[(one + 1).min(places.len() - 1)], dice.of(&PIECES)),
        3 => text.truncate(from),
        _ => text.insert_str(from, dice.of(&PIECES)),
    }
}

fn blank(dice: &mut Dice) -> &'static str {
    match dice.below(12) {
        0 => "\n",
        1 => "\r\n",
        2 => " # x\n",
        3 => " // x\n",
        4 => " /* x */ ",
        5 => "\t",
        6 => "",
        _ => " ",
    }
}

fn path(dice: &mut Dice) -> &'static str {
    if dice.once_in(8) { dice.of(&ODD_PATHS) } else { dice.of(&PATHS) }
}

fn hcl(dice: &mut Dice) -> String {
    let mut text = blank(dice).to_owned();
    for _ in 0..dice.below(4) {
        let rules = rules(dice);
        let gap = [blank(dice), blank(dice), blank(dice)];
        let path = path(dice);
        let path = if dice.once_in(8) && !path.is_empty() { path.to_owned() } else { format!("\"{path}\"") };
        text += &match dice.below(40) {
            0 => format!("path = {{{rules}}}"),
            1 => format!("path {{{rules}}}"),
            2 => format!("path {path} \"b\" {{{rules}}}"),
            3 => format!("\"path\" {path} {{{rules}}}"),
            4 => format!("PATH {path} {{{rules}}}"),
            5 => format!("path {path} = {{{rules}}}"),
            6 => format!("name = {}", value(dice)),
            7 => "path =".to_owned(),
            8 => format!("name \"x\" {{{rules}}}"),
            9 => format!("path = [{{{rules}}}]"),
            _ => format!("path{}{path}{}{{{rules}{}}}", gap[0], gap[1], gap[2]),
        };
        text += if dice.once_in(12) { "," } else { blank(dice) };
        text += if dice.once_in(10) { "" } else { "\n" };
    }
    text
}

fn rules(dice: &mut Dice) -> String {
    let mut rules = String::new();
    let mut last = String::new();
    for _ in 0..dice.below(4) {
        let rule = if dice.once_in(12) && !last.is_empty() { last.clone() } else { rule(dice) };
        rules += blank(dice);
        rules += &rule;
        rules += dice.of(&["\n", "\n", "\n", ",", " ", ", "]);
        last = rule;
    }
    rules
}

fn rule(dice: &mut Dice) -> String {
    let name = match dice.below(30) {
        0..10 => {
            return format!(
                "capabilities{}={}{}",
                blank(dice),
                blank(dice),
                texts(dice, &CAPABILITIES, &ODD_CAPABILITIES)
            );
        }
        10..13 => return format!("policy = \"{}\"", dice.of(&["read", "write", "sudo", "deny", "", "all", "list"])),
        13..16 => dice.of(&["allowed_parameters", "denied_parameters"]),
        16 => return format!("required_parameters = {}", texts(dice, &["ttl", "A", "b"], &["1"])),
        17..20 => return format!("{} = {}", dice.of(&["min_wrapping_ttl", "max_wrapping_ttl"]), dice.of(&DURATIONS)),
        20 => return format!("comment = {}", value(dice)),
        21 => return format!("pagination_limit = {}", value(dice)),
        22 => return format!("mfa_methods = {}", texts(dice, &["a", "b"], &["1"])),
        23 => return format!("subscribe_event_types = {}", texts(dice, &["a", "*"], &["1"])),
        24 => {
            return format!(
                "{} = {}",
                dice.of(&["capability", "Capabilities", "x", "true", "\"capabilities\""]),
                value(dice)
            );
        }
        25 => return format!("comment \"{}\" {{}}", dice.of(&["x", "\\400", ""])),
        _ => {
            return format!(
                "{} = {}",
                dice.of(&["capabilities", "policy", "required_parameters", "max_wrapping_ttl", "\"policy\""]),
                value(dice)
            );
        }
    };
    match dice.below(6) {
        0 => format!("{name} \"x\" {{ a = {} }}", value(dice)),
        1 => format!("{name} {{ {} }}", parameters(dice)),
        2 => format!("{name} = {}", value(dice)),
        _ => format!("{name} = {{ {} }}", parameters(dice)),
    }
}

fn parameters(dice: &mut Dice) -> String {
    let each = |dice: &mut Dice| match dice.below(10) {
        0 => format!("x \"y\" {{ a = {} }}", value(dice)),
        1 => format!("z {{ a = {} }}", value(dice)),
        2 => format!("a = {}", value(dice)),
        _ => format!("{} = {}", dice.of(&["a", "A", "\"b\"", "\"*\"", "b-c", "d.e"]), list(dice)),
    };
    let all: Vec<_> = (0..dice.below(3)).map(|_| each(dice)).collect();
    all.join(dice.of(&["\n", ", "]))
}

fn texts(dice: &mut Dice, these: &[&str], odd: &[&str]) -> String {
    let one = |dice: &mut Dice| {
        if dice.once_in(40) {
            return value(dice);
        }
        format!("\"{}\"", if dice.once_in(25) { dice.of(odd) } else { dice.of(these) })
    };
    let all: Vec<_> = (0..dice.below(4)).map(|_| one(dice)).collect();
    format!("[{}{}]", all.join(dice.of(&[",", ", ", ",\n", " , # x\n"])), dice.of(&["", "", "", ",", "\n", ",,"]))
}

fn list(dice: &mut Dice) -> String {
    let all: Vec<_> = (0..dice.below(3)).map(|_| dice.of(&SCALARS).to_owned()).collect();
    format!("[{}]", all.join(", "))
}

fn value(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => list(dice),
        1 => "{}".to_owned(),
        2 => format!("{{ a = {} }}", dice.of(&SCALARS)),
        3 => format!("[{{ a = {} }}]", dice.of(&SCALARS)),
        4 => format!("[[{}]]", dice.of(&SCALARS)),
        5 => "read".to_owned(),
        6..9 => dice.of(&TEXTS).to_owned(),
        _ => dice.of(&SCALARS).to_owned(),
    }
}

fn json(dice: &mut Dice) -> String {
    let mut paths = Vec::new();
    for _ in 0..dice.below(3) {
        let (path, rules) = (path(dice), json_rules(dice));
        paths.push(format!("\"{path}\":{}{rules}", dice.of(&["", " ", "\n"])));
    }
    let paths = paths.join(",");
    match dice.below(14) {
        0 => format!("{{\"path\": [{{{paths}}}]}}"),
        1 => format!("{{\"path\": [{{{paths}}}, {{\"b\": {}}}]}}", json_rules(dice)),
        2 => format!("{{\"path\": {{{paths}}}, \"path\": {{\"b\": {}}}}}", json_rules(dice)),
        3 => format!("{{\"name\": {}, \"path\": {{{paths}}}}}", json_value(dice)),
        4 => format!("{{\"path\": {}}}", json_rules(dice)),
        5 => format!("[{{\"path\": {{{paths}}}}}]"),
        6 => format!(" \n{{\"path\": {{{paths}}},}} x"),
        _ => format!("{{\"path\": {{{paths}}}}}"),
    }
}

fn json_rules(dice: &mut Dice) -> String {
    let one = |dice: &mut Dice| match dice.below(16) {
        0..7 => format!("\"capabilities\": {}", texts(dice, &CAPABILITIES, &ODD_CAPABILITIES).replace(" # x", "")),
        7 => format!("\"policy\": \"{}\"", dice.of(&["read", "write", "deny", "x"])),
        8 => format!("\"max_wrapping_ttl\": {}", dice.of(&DURATIONS)),
        9 => format!("\"required_parameters\": {}", texts(dice, &["a", "b"], &["1"]).replace(" # x", "")),
        10 => format!("\"comment\": {}", json_value(dice)),
        11 => format!("\"{}\": {}", dice.of(&["policy", "x", "pagination_limit", "mfa_methods"]), json_value(dice)),
        _ => {
            let name = dice.of(&["allowed_parameters", "denied_parameters"]);
            format!("\"{name}\": {{\"{}\": {}}}", dice.of(&["a", "A", "*"]), json_value(dice))
        }
    };
    let all: Vec<_> = (0..dice.below(4)).map(|_| one(dice)).collect();
    let rules = format!("{{{}{}}}", all.join(dice.of(&[",", ", ", ",\n"])), dice.of(&["", "", "", "", ","]));
    if dice.once_in(12) { format!("[{rules}]") } else { rules }
}

fn json_value(dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => "null".to_owned(),
        1 => "{}".to_owned(),
        2 => format!("{{\"a\": {}}}", dice.of(&SCALARS)),
        3 => format!("[{{\"a\": {}}}]", dice.of(&SCALARS)),
        4 => "[[\"a\"]]".to_owned(),
        5 => dice.of(&["\"\\ud83d\\ude00\"", "\"\\u00e4\"", "\"a\tb\"", "\"\\/\""]).to_owned(),
        6 => "[true, \"a\"]".to_owned(),
        7 => list(dice),
        _ => dice.of(&SCALARS).to_owned(),
    }
}
