// Fills the registration from an uploaded certificate. The server reads it; nothing is saved until the form is.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const file = document.querySelector("input[type=file][data-inspect-url]");
    if (!file) {
        return;
    }
    const field = (name) => file.form.elements[name];
    const summary = document.createElement("div");
    summary.id = "certificate-summary";
    summary.setAttribute("role", "status");
    (file.closest(".form-row") || file.parentElement).append(summary);

    const show = (lines) => {
        summary.replaceChildren(...lines.map((text) => {
            const line = document.createElement("div");
            line.textContent = text;
            return line;
        }));
    };

    const fill = (found) => {
        field("token_endpoint_auth_method").value = found.method;
        if (found.jwks) {
            field("jwks").value = JSON.stringify(withKey(field("jwks").value, found.jwks.keys[0]), null, 2);
        } else if (found.names.length) {
            const kind = field("subject_kind").value;
            const name = found.names.find((candidate) => candidate[0] === kind) || found.names[0];
            [field("subject_kind").value, field("subject_value").value] = name;
        }
        show(Object.entries(found.details).filter(([, value]) => value.length).map(([key, value]) => `${key}: ${value}`));
    };

    const withKey = (text, key) => {
        let keys = [];
        try {
            keys = JSON.parse(text).keys || [];
        } catch {
            // The field has something else than a JWK set; the new one replaces it.
        }
        const same = (other) => JSON.stringify(other.x5c) === JSON.stringify(key.x5c);
        return {keys: keys.some(same) ? keys : [...keys, key]};
    };

    file.addEventListener("change", async () => {
        if (!file.files.length) {
            return;
        }
        const body = new FormData();
        body.append("certificate", file.files[0]);
        body.append("csrfmiddlewaretoken", field("csrfmiddlewaretoken").value);
        try {
            const response = await fetch(file.dataset.inspectUrl, {method: "POST", body, credentials: "same-origin"});
            const found = await response.json();
            if (response.ok) {
                fill(found);
            } else {
                show([found.error]);
            }
        } catch {
            show(["The certificate could not be read now; it will be when the form is saved."]);
        }
    });
});
