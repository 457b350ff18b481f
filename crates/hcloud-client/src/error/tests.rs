use reqwest::Method;

use super::*;

fn read(method: Method, status: u16, body: &str) -> Error {
    let operation = Operation::new(method, "/servers");
    Error::Api(Box::new(ApiError::read(operation, status, body.as_bytes(), Some("abc".to_owned()), None)))
}

#[test]
fn every_documented_code_is_known_and_classified() {
    for (status, code, retryable) in [
        (400, "json_error", false),
        (401, "unauthorized", false),
        (401, "token_readonly", false),
        (403, "forbidden", false),
        (403, "maintenance", false),
        (403, "resource_limit_exceeded", false),
        (404, "not_found", false),
        (405, "method_not_allowed", false),
        (409, "uniqueness_error", false),
        (409, "conflict", true),
        (410, "deprecated_api_endpoint", false),
        (412, "resource_unavailable", false),
        (422, "invalid_input", false),
        (422, "service_error", true),
        (422, "unsupported_error", false),
        (422, "placement_error", false),
        (422, "no_space_left_in_location", false),
        (422, "resource_in_use", false),
        (423, "locked", true),
        (423, "protected", false),
        (429, "rate_limit_exceeded", true),
        (500, "server_error", true),
        (502, "bad_gateway", true),
        (503, "unavailable", true),
        (504, "timeout", true),
    ] {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m","details":null}}}}"#);
        let error = read(Method::POST, status, &body);
        assert_eq!(error.code(), code);
        assert!(!matches!(error.api_code(), Some(ErrorCode::Other(_)) | None), "{code}");
        assert_eq!(error.retryable(), retryable, "{code}");
        assert_eq!(error.may_have_taken_effect(), status >= 500, "{code}");
        assert!(!read(Method::GET, status, &body).may_have_taken_effect(), "{code}");
    }
}

#[test]
fn a_code_that_is_not_known_is_kept() {
    let error = read(Method::GET, 422, r#"{"error":{"code":"brand_new","message":"m"}}"#);
    assert_eq!(error.api_code(), Some(&ErrorCode::Other("brand_new".to_owned())));
    assert!(!error.retryable());
}

#[test]
fn fields_and_limits_are_part_of_the_message() {
    let error = read(
        Method::POST,
        422,
        r#"{"error":{"code":"invalid_input","message":"invalid input in field 'user_data'",
            "details":{"fields":[{"name":"user_data","messages":["Length must be between 0 and 32768."]}]}}}"#,
    );
    assert_eq!(
        error.to_string(),
        "POST /servers: invalid input in field 'user_data' (invalid_input, HTTP 422); \
         user_data: Length must be between 0 and 32768. [correlation id abc]"
    );
    let error = read(
        Method::POST,
        403,
        r#"{"error":{"code":"resource_limit_exceeded","message":"Primary IP limit exceeded",
            "details":{"limits":[{"name":"primary_ip_limit"}]}}}"#,
    );
    let Error::Api(api) = error else { panic!() };
    assert_eq!(api.limits, ["primary_ip_limit"]);
}

#[test]
fn details_of_any_shape_are_borne() {
    for details in ["{}", "[]", "7", r#""text""#, r#"{"fields":7}"#, r#"{"fields":[7,{"name":"public_key"}]}"#] {
        let body = format!(r#"{{"error":{{"code":"uniqueness_error","message":"m","details":{details}}}}}"#);
        assert_eq!(read(Method::POST, 409, &body).api_code(), Some(&ErrorCode::UniquenessError), "{details}");
    }
}

#[test]
fn a_body_that_is_not_the_apis_leaves_what_the_status_tells() {
    for (status, code) in [
        (404, "http_404"),
        (302, "http_302"),
        (429, "rate_limit_exceeded"),
        (500, "server_error"),
        (502, "bad_gateway"),
        (503, "unavailable"),
        (504, "timeout"),
    ] {
        for body in ["", "<html>", "{}", r#"{"error":"no"}"#] {
            let error = read(Method::GET, status, body);
            assert_eq!(error.code(), code);
            assert!(!error.is_not_found(), "only the API itself can say that something does not exist");
        }
    }
}

#[test]
fn a_route_that_does_not_exist_says_nothing_about_resources() {
    let missing = |message: &str| {
        let body = format!(r#"{{"error":{{"code":"not_found","message":"{message}","details":null}}}}"#);
        read(Method::GET, 404, &body).is_not_found()
    };
    assert!(missing("server with ID '42' not found"));
    assert!(!missing("api route not found"));
}
