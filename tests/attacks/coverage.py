"""Which test plays which row of ATTACKS.md, in addition to the table's own.

A row without an entry is played by ``test_every_way.py`` alone; ``test_coverage.py`` checks that none is lost, and that
each test that is named here exists.
"""

from collections.abc import Mapping, Sequence

ALL = 73
"""How many rows ATTACKS.md has."""

COVERAGE: Mapping[int, Sequence[str]] = {
    1: [
        "tests/attacks/test_over_tls.py::test_row_01_no_certificate",
        "tests/django/test_attacks_on_clients.py::test_row_01_other_methods_than_post",
    ],
    5: [
        "tests/attacks/test_requests.py::test_row_05_client_of_another_method_comes_over_mutual_tls",
        "tests/flask/authlib/test_attacks.py::test_row_05_secret_of_a_client_of_mutual_tls",
        "tests/flask/authlib/test_requests.py::test_rows_05_44_body_that_names_another_client",
        "tests/oauth_toolkit/test_attacks.py::test_row_05_secret_of_a_client_of_mutual_tls",
    ],
    6: [
        "tests/flask/authlib/test_attacks.py::test_row_06_certificate_of_a_client_of_another_method",
        "tests/oauth_toolkit/test_attacks.py::test_row_06_certificate_of_a_client_of_another_method",
        "tests/django/test_attacks_on_clients.py::test_row_06_certificate_where_an_assertion_is_registered",
    ],
    7: [
        "tests/attacks/test_over_tls.py::test_row_07_self_signed_in_the_ca_bundle",
        "tests/attacks/test_self_issued.py::test_openssl_takes_them_for_one_name",
        "tests/e2e/flask/test_certificates.py::test_rows_07_41_self_signed_certificate_in_the_bundle",
    ],
    8: ["tests/attacks/test_over_tls.py::test_row_08_another_ca_sends_its_own_root"],
    9: ["tests/attacks/test_over_tls.py::test_row_09_name_on_the_intermediate"],
    10: [
        "tests/attacks/test_pki.py::test_rows_10_11_13_14_mapping_with_a_registration_that_cannot_be",
        "tests/flask/test_attacks.py::test_rows_10_11_21_40_metadata",
        "tests/django/test_attacks_on_clients.py::test_rows_10_11_21_metadata",
        "tests/oauth_toolkit/test_attacks.py::test_rows_10_11_21_metadata",
    ],
    11: ["tests/attacks/test_pki.py::test_rows_11_13_callback_that_returns_what_cannot_be"],
    13: ["tests/attacks/test_pki.py::test_rows_11_13_callback_that_returns_what_cannot_be"],
    14: ["tests/attacks/test_pki.py::test_rows_10_11_13_14_mapping_with_a_registration_that_cannot_be"],
    18: [
        "tests/attacks/test_over_tls.py::test_row_18_unfit_certificates",
        "tests/attacks/test_over_tls.py::test_row_18_issued_by_a_leaf",
    ],
    20: ["tests/attacks/test_self_signed.py::test_row_20_by_certificate"],
    21: [
        "tests/attacks/test_self_signed.py::test_row_21_key_without_certificate",
        "tests/attacks/test_self_signed.py::test_row_21_certificate_of_another_key",
        "tests/django/test_attacks_on_clients.py::test_row_21_jwk_of_another_key",
    ],
    22: [
        "tests/django/test_attacks_on_clients.py::test_row_22_jwks_uri_that_is_not_https",
        "tests/oauth_toolkit/test_attacks.py::test_rows_22_23_jwks_uri",
        "tests/e2e/flask/test_certificates.py::test_rows_22_23_jwks_uri",
    ],
    23: [
        "tests/unit/clients/test_jwks_uri.py::test_flood_of_unknown_certificates",
        "tests/oauth_toolkit/test_attacks.py::test_rows_22_23_jwks_uri",
        "tests/e2e/flask/test_certificates.py::test_rows_22_23_jwks_uri",
    ],
    24: [
        "tests/attacks/test_headers.py::test_row_24_stripped_on_every_path",
        "tests/flask/test_attacks.py::test_row_24_the_header_is_gone_on_every_path",
        "tests/django/users/test_attacks_on_users.py::test_untrusted_headers_are_stripped",
    ],
    25: [
        "tests/attacks/test_headers.py::test_row_25_header_twice",
        "tests/django/users/test_attacks_on_users.py::test_headers",
        "tests/e2e/flask/test_requests.py::test_row_25_header_twice",
    ],
    26: [
        "tests/attacks/test_headers.py::test_row_26_verify_status",
        "tests/attacks/test_headers.py::test_row_26_success_of_a_resumed_session",
        "tests/django/users/test_attacks_on_users.py::test_no_verify_header",
    ],
    27: [
        "tests/attacks/test_bound_tokens.py::test_row_27_no_certificate_for_a_bound_token",
        "tests/attacks/test_bound_tokens.py::test_row_27_confidential_client_of_another_method",
        "tests/attacks/test_bound_tokens.py::test_row_27_confidential_client_of_mutual_tls",
        "tests/flask/authlib/test_attacks.py::test_row_27_no_certificate_for_a_bound_token",
        "tests/oauth_toolkit/test_attacks.py::test_row_27_no_certificate_for_a_bound_token",
    ],
    28: [
        "tests/attacks/test_bound_tokens.py::test_row_28_code_of_another_client",
        "tests/attacks/test_bound_tokens.py::test_row_28_code_that_serves_once",
        "tests/flask/authlib/test_attacks.py::test_row_28_code_of_another_client",
        "tests/oauth_toolkit/test_attacks.py::test_row_28_code_of_another_client",
        "tests/oauth_toolkit/hardening/test_device.py::test_row_28_device_code_of_another_client",
    ],
    29: [
        "tests/attacks/test_bound_tokens.py::test_row_29_refresh_token_of_a_public_client",
        "tests/attacks/test_bound_tokens.py::test_row_29_accepted_where_nothing_is_bound",
        "tests/flask/authlib/test_attacks.py::test_row_29_refresh_token_of_a_public_client",
        "tests/oauth_toolkit/test_attacks.py::test_row_29_refresh_token_of_a_public_client",
    ],
    30: [
        "tests/attacks/test_bound_tokens.py::test_row_30_confidential_client_renews_its_certificate",
        "tests/flask/authlib/test_attacks.py::test_row_30_confidential_client_renews",
        "tests/oauth_toolkit/test_attacks.py::test_row_30_confidential_client_renews",
        "tests/oauth_toolkit/test_tokens.py::test_row_30_refresh",
    ],
    31: [
        "tests/attacks/test_bound_tokens.py::test_row_31_refresh_token_of_another_client",
        "tests/flask/authlib/test_attacks.py::test_row_31_refresh_token_of_another_client",
        "tests/oauth_toolkit/test_attacks.py::test_row_31_refresh_token_of_another_client",
    ],
    32: [
        "tests/attacks/test_bound_tokens.py::test_row_32_stripped_or_rewritten_confirmation",
        "tests/flask/authlib/test_attacks.py::test_rows_32_37_38_stolen_token",
        "tests/drf/test_over_tls.py::test_rows_32_33_37_38_43_certificates",
        "tests/oauth_toolkit/test_attacks_on_resources.py::test_rows_32_38_stolen_token_at_what_answers_403",
    ],
    33: ["tests/drf/test_over_tls.py::test_rows_32_33_37_38_43_certificates"],
    34: ["tests/drf/test_over_tls.py::test_rows_34_35_confirmation"],
    35: [
        "tests/django/test_attacks_on_api.py::test_the_caller_verified_that_one_too",
        "tests/drf/test_over_tls.py::test_rows_34_35_confirmation",
    ],
    36: [
        "tests/attacks/test_bound_tokens.py::test_row_36_introspection_of_another_certificate",
        "tests/drf/test_over_tls.py::test_row_36_introspection_of_another_certificate",
        "tests/e2e/tokens/test_introspection.py::test_row_36_active_but_another_certificate",
    ],
    37: ["tests/flask/authlib/test_attacks.py::test_rows_32_37_38_stolen_token"],
    38: ["tests/attacks/test_bound_tokens.py::test_row_38_bound_token_where_there_is_no_mutual_tls"],
    39: [
        "tests/attacks/test_bound_tokens.py::test_row_39_aliases",
        "tests/flask/authlib/test_server.py::test_row_39_aliases_that_cannot_be",
        "tests/oauth_toolkit/test_attacks.py::test_row_39_aliases",
        "tests/oauth_toolkit/test_metadata.py::test_row_39_aliases_of_what_clients_call_alone",
    ],
    40: [
        "tests/attacks/test_bound_tokens.py::test_row_40_bound_access_tokens_is_no_boolean",
        "tests/oauth_toolkit/test_attacks.py::test_row_40_not_a_boolean",
    ],
    41: [
        "tests/django/admin/test_admin.py::test_row_41_a_certificate_that_may_issue_others",
        "tests/django/e2e/test_attack_rows.py::test_rows_07_41_self_signed_certificate_in_the_bundle",
        "tests/e2e/flask/test_certificates.py::test_rows_07_41_self_signed_certificate_in_the_bundle",
        "tests/oauth_toolkit/e2e/test_rows_behind_nginx.py::test_rows_07_41_self_signed_certificate_in_the_bundle",
    ],
    42: [
        "tests/attacks/test_headers.py::test_row_42_subject_in_another_form",
        "tests/django/users/test_attacks_on_users.py::test_malformed_dn_header",
    ],
    43: [
        "tests/attacks/test_bound_tokens.py::test_row_43_certificate_that_has_expired_since",
        "tests/e2e/flask/test_upstream_tls.py::test_row_43_certificate_that_has_expired_since",
    ],
    44: [
        "tests/attacks/test_requests.py::test_row_44_other_parameters_in_the_query",
        "tests/flask/authlib/test_requests.py::test_row_44_parameters_in_the_query",
        "tests/oauth_toolkit/test_attacks.py::test_row_44_duplicates_of_others",
    ],
    45: [
        "tests/attacks/test_headers.py::test_row_45_joined_by_the_server",
        "tests/attacks/test_headers.py::test_row_45_last_wins_can_only_be_prevented_by_the_name",
        "tests/django/test_attacks_on_clients.py::test_row_45_underscores_over_asgi",
        "tests/django/e2e/test_attacks_on_tokens_and_users.py::test_row_45_forged_alias_beside_a_certificate_of_ones_own",
        "tests/e2e/flask/test_requests.py::test_rows_24_45_46_forged_headers",
    ],
    46: [
        "tests/attacks/test_headers.py::test_row_46_through_the_conventional_host",
        "tests/e2e/flask/test_requests.py::test_rows_24_45_46_forged_headers",
    ],
    47: [
        "tests/attacks/test_headers.py::test_row_47_never_the_proxys_certificate",
        "tests/e2e/flask/test_upstream_tls.py::test_row_47_certificate_of_a_proxy_that_speaks_tls",
        "tests/drf/test_over_tls.py::test_rows_24_45_47_headers",
    ],
    48: [
        "tests/django/login/test_login.py::test_row_48_another_site_posts",
        "tests/drf/test_certificate.py::test_row_48_post_from_another_site",
        "tests/drf/test_certificate.py::test_row_48_api_that_programs_call",
        "tests/e2e/flask/test_requests.py::test_row_48_another_site_posts",
    ],
    49: [
        "tests/attacks/test_pki.py::test_row_49_the_registry_folds_the_client_id",
        "tests/django/users/test_attacks_on_users.py::test_row_49_the_database_takes_another_name_for_this_one",
        "tests/django/users/test_attacks_on_users.py::test_row_49_a_client_id",
        "tests/drf/test_headers.py::test_row_49_user_of_a_similar_name",
    ],
    50: [
        "tests/attacks/test_requests.py::test_row_50_other_spellings_of_the_path",
        "tests/attacks/test_requests.py::test_row_50_mount_point",
        "tests/attacks/test_bound_tokens.py::test_row_50_other_spellings_of_the_path",
        "tests/flask/test_attacks.py::test_row_50_other_spellings_of_the_path",
        "tests/django/test_attacks_on_clients.py::test_row_50_paths",
        "tests/oauth_toolkit/test_attacks.py::test_row_50_paths",
    ],
    51: ["tests/attacks/test_paths.py::test_row_51_octets_that_a_router_may_not_see"],
    52: ["tests/e2e/test_lenient_terminators.py::test_why_nginx_must_ignore_invalid_headers"],
    53: ["tests/unit/hardening/test_server_header_names.py::test_names_that_cheroot_folds"],
    54: ["tests/unit/sources/test_leading_status.py::test_a_certificate_without_a_status"],
    55: ["tests/attacks/test_registered_as_self_signed.py::test_row_55_self_signed_under_any_key"],
    56: [
        "tests/django/test_caches_inside.py::test_each_holder_gets_its_own",
        "tests/drf/test_caching_methods.py::test_each_holder_gets_its_own",
    ],
    57: [
        "tests/attacks/test_private_answers.py::test_row_57_no_shared_cache_may_keep_it",
        "tests/e2e/test_shared_cache.py::test_row_57_each_holder_gets_its_own_page",
    ],
    58: ["tests/django/login/test_stolen_sessions.py::test_get_user"],
    59: ["tests/django/clients/test_claims.py::test_row_59_form_refuses_the_name_of_a_user"],
    60: ["tests/django/clients/test_unique_registrations.py::test_row_60_the_second_is_refused"],
    61: [
        "tests/flask/authlib/test_simultaneous.py::test_row_61_codes",
        "tests/oauth_toolkit/e2e/test_simultaneous.py::test_row_61_codes",
    ],
    62: ["tests/django/test_proxy_headers.py::test_forged_certificate_with_the_proxys_address"],
    63: [
        "tests/unit/tokens/test_dpop.py::test_downgrade",
        "tests/unit/tokens/test_dpop.py::test_refused_proofs",
        "tests/unit/tokens/test_dpop.py::test_a_proof_is_used_once_by_four_threads",
        "tests/django/test_attacks_on_api.py::test_row_63_bound_to_a_dpop_key",
    ],
    64: [
        "tests/attacks/test_trust.py::test_row_64_an_unknown_member",
        "tests/flask/authlib/test_registration.py::test_row_64_condition_that_would_be_dropped",
    ],
    65: [
        "tests/unit/test_shortage.py::test_registry",
        "tests/unit/tokens/test_shortage.py::test_no_thread_is_needed",
        "tests/django/test_shortage.py::test_login_by_name",
    ],
    66: ["tests/unit/x509/test_cases.py::test_what_no_decision_reads"],
    67: [
        "tests/unit/request/test_preflight.py::test_by_default",
        "tests/unit/request/test_preflight.py::test_preflight_gets_no_content",
        "tests/unit/request/test_preflight.py::test_what_is_not_exactly_a_preflight",
        "tests/flask/test_preflight.py::test_a_view_of_its_own_is_guarded",
        "tests/django/test_preflight.py::test_by_default",
        "tests/django/test_preflight.py::test_a_view_of_its_own_is_guarded",
    ],
    68: [
        "tests/unit/test_sealed_store.py::test_row_68_values_of_other_programs",
        "tests/unit/test_sealed_store.py::test_row_68_value_of_another_entry",
        "tests/unit/test_sealed_store.py::test_row_68_store_without_seals",
        "tests/unit/tokens/test_introspection.py::test_row_68_other_values_in_a_store",
    ],
    69: [
        "tests/flask/authlib/test_pushed_requests.py::test_row_69_used_twice",
        "tests/flask/authlib/test_pushed_requests.py::test_row_69_of_another_client",
        "tests/flask/authlib/test_pushed_requests.py::test_row_69_expired",
        "tests/flask/authlib/test_simultaneous.py::test_row_69_pushed_requests",
        "tests/flask/authlib/test_registration_access.py::test_row_69_token_of_another_client",
        "tests/oauth_toolkit/test_dynamic_registration.py::test_row_69_token_of_another_client",
    ],
    70: ["tests/e2e/test_two_hosts.py::test_no_session_is_resumed_at_the_mtls_host"],
    71: [
        "tests/unit/tokens/test_issuers.py::test_row_71_id_tokens",
        "tests/unit/tokens/test_issuers.py::test_row_71_logout_tokens",
        "tests/unit/tokens/test_issuers.py::test_row_71_client_assertions",
        "tests/unit/tokens/test_issuers.py::test_row_71_introspection_answers",
        "tests/unit/tokens/test_issuers.py::test_row_71_jarm_answers",
    ],
    72: [
        "tests/unit/clients/test_jwks_uri.py::test_endpoints_that_hang_park_few_requests",
        "tests/unit/clients/test_jwks_uri.py::test_default_leads_to_public_addresses_only",
        "tests/unit/https/test_registered.py::test_no_connection_to_a_private_address",
        "tests/unit/https/test_registered.py::test_name_that_turns_private_after_the_check",
    ],
    73: [
        "tests/attacks/test_trust.py::test_row_73_what_the_terminator_found_wrong",
        "tests/attacks/test_trust.py::test_row_73_a_revoked_intermediate",
        "tests/attacks/test_trust.py::test_row_73_a_certificate_of_the_pinned_ca_that_shares_name_and_key_with_another_ca",
    ],
}

NOT_BUILT: Mapping[int, str] = {}
"""Rows about features that do not exist yet."""
