/* What is typed in the search field of the bar is looked up at once and shown below it: arrows choose, Enter opens, Esc closes.
   Without this script the field leads to the search page. */
(function () {
  "use strict";

  var field = document.getElementById("search");
  var panel = document.getElementById("found");
  if (!field || !panel) {
    return;
  }
  var hits = panel.querySelector(".hits-panel");
  var status = panel.querySelector("[role=status]");
  var asked = 0;
  var timer = 0;

  function links() {
    return Array.from(hits.querySelectorAll("a"));
  }

  function close() {
    asked += 1;
    panel.hidden = true;
  }

  function show(content, words) {
    hits.replaceChildren(content);
    status.textContent = words;
    panel.hidden = false;
  }

  function look() {
    var query = field.value.trim();
    var number = (asked += 1);
    if (query.length < 2) {
      panel.hidden = true;
      return;
    }
    fetch(field.form.action + "?q=" + encodeURIComponent(query), { headers: { "X-Panel": "1" }, credentials: "same-origin" })
      .then(function (response) {
        if (!response.ok || response.redirected) {
          throw new Error(String(response.status));
        }
        return response.text();
      })
      .then(function (text) {
        if (number === asked) {
          show(document.createRange().createContextualFragment(text), "");
          status.textContent = links().length ? panel.dataset.count.replace("0", String(links().length)) : "";
        }
      })
      .catch(function () {
        if (number === asked) {
          show("", panel.dataset.failed);
        }
      });
  }

  field.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });

  field.form.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      close();
      field.focus();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !panel.hidden) {
      event.preventDefault();
      var all = links();
      var next = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      (all[next] || field).focus();
    }
  });

  document.addEventListener("focusin", function (event) {
    if (!field.form.contains(event.target)) {
      close();
    }
  });

  document.addEventListener("click", function (event) {
    if (!field.form.contains(event.target)) {
      close();
    }
  });
})();
