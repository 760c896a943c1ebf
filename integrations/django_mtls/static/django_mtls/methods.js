// Hides the rows of a form that the chosen authentication method does not use, unless they hold something.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const USES = {
        subject_kind: ["tls_client_auth"],
        subject_value: ["tls_client_auth"],
        tls_client_auth_issuer: ["tls_client_auth"],
        jwks: ["self_signed_tls_client_auth", "private_key_jwt"],
        jwks_uri: ["self_signed_tls_client_auth", "private_key_jwt"],
    };
    const METHOD = "token_endpoint_auth_method";

    const isFilled = (row) => {
        const field = row.querySelector("input, select, textarea");
        return !field || field.value.trim() !== "" || row.querySelector(".errorlist") !== null;
    };

    const apply = (select) => {
        const form = select.closest(".inline-related") || select.form;
        for (const [name, methods] of Object.entries(USES)) {
            for (const row of form.querySelectorAll(`.form-row.field-${name}`)) {
                row.hidden = !methods.includes(select.value) && !isFilled(row);
            }
        }
    };

    const selects = (root) => root.querySelectorAll(`select[name$="${METHOD}"]`);
    selects(document).forEach(apply);
    document.addEventListener("change", (event) => {
        if (event.target.matches(`select[name$="${METHOD}"]`)) {
            apply(event.target);
        }
    });
    document.addEventListener("formset:added", (event) => selects(event.target).forEach(apply));
});
