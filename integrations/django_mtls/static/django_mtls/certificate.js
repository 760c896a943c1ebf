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
    summary.className = "mtls-summary";
    summary.setAttribute("role", "status");
    (file.closest(".form-row") || file.parentElement).append(summary);
    let names = [];

    const element = (tag, text, className = "") => {
        const made = document.createElement(tag);
        made.textContent = text;
        made.className = className;
        return made;
    };

    const warnings = (texts) => texts.map((text) => element("p", text, "mtls-warning"));

    const details = (lines) => {
        const list = element("dl", "", "mtls-certificate");
        list.append(...lines.flatMap(([label, text]) => [element("dt", label), element("dd", text)]));
        return list;
    };

    const fill = (found) => {
        names = found.names;
        if (found.jwks) {
            field("jwks").value = JSON.stringify(withKey(field("jwks").value, found.jwks.keys[0]), null, 2);
        } else if (names.length) {
            const kind = field("subject_kind").value;
            const name = names.find((candidate) => candidate[0] === kind) || names[0];
            [field("subject_kind").value, field("subject_value").value] = name;
        }
        field("token_endpoint_auth_method").value = found.method;
        field("token_endpoint_auth_method").dispatchEvent(new Event("change", {bubbles: true}));
        summary.replaceChildren(...warnings(found.warnings), details(found.details));
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

    // Another kind of name: the uploaded certificate's name of that kind replaces its other name, and nothing else.
    document.addEventListener("change", (event) => {
        const value = field("subject_value");
        const other = names.find((candidate) => candidate[0] === event.target.value);
        if (event.target === field("subject_kind") && other && names.some((name) => name[1] === value.value)) {
            value.value = other[1];
        }
    });

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
                summary.replaceChildren(...warnings([found.error]));
            }
        } catch {
            summary.replaceChildren(...warnings([file.dataset.unreadable]));
        }
    });
});
