//! What a URL's path means (apiserver, `RequestInfo`).

/// The parts of a resource's path; those that are not there are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) plural: &'a str,
    pub(crate) name: &'a str,
    pub(crate) subresource: &'a str,
}

/// Reads the path of a resource; any other path gives nothing.
pub(crate) fn parse(path: &str) -> Option<Target<'_>> {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        // `namespaces/x/status` is a namespace's own subresource, `namespaces/x/pods` is not.
        ["namespaces", _, "status" | "finalize"] => ("", rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        rest => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return None,
    };
    Some(Target { group, version, namespace, plural, name, subresource })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_namespace_from_what_is_in_one() {
        let parts = |path| parse(path).map(|t| (t.namespace, t.plural, t.name, t.subresource));
        assert_eq!(parts("/api/v1/namespaces"), Some(("", "namespaces", "", "")));
        assert_eq!(parts("/api/v1/namespaces/x"), Some(("", "namespaces", "x", "")));
        assert_eq!(parts("/api/v1/namespaces/x/status"), Some(("", "namespaces", "x", "status")));
        assert_eq!(parts("/api/v1/namespaces/x/pods"), Some(("x", "pods", "", "")));
        assert_eq!(parts("/api/v1/namespaces/x/serviceaccounts/y/token"), Some(("x", "serviceaccounts", "y", "token")));
    }

    #[test]
    fn discovery_is_no_resource() {
        for path in ["/", "/version", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1"] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
