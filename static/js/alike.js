/* While a record of the book is typed, records that may be the same are shown in the part marked data-alike. Without this script the page asks when the
   form is sent. */
(function () {
  "use strict";

  var panel = document.querySelector("[data-alike]");
  var form = panel && panel.closest("form");
  if (!form) {
    return;
  }
  var hits = panel.querySelector("[data-alike-hits]");
  var status = panel.querySelector("[role=status]");
  var asked = 0;
  var timer = 0;

  function show(text) {
    hits.replaceChildren(document.createRange().createContextualFragment(text));
    var count = hits.querySelectorAll("li").length;
    status.textContent = count ? panel.dataset.count.replace("0", String(count)) : "";
  }

  function look() {
    var number = (asked += 1);
    var typed = new FormData(form);
    Array.from(typed.keys()).forEach(function (name) {
      if (typed.get(name) instanceof File) {
        typed.delete(name);
      }
    });
    fetch(panel.dataset.alike, { method: "POST", body: typed, credentials: "same-origin" })
      .then(function (answer) {
        return answer.ok && !answer.redirected ? answer.text() : "";
      })
      .then(function (text) {
        if (number === asked) {
          show(text);
        }
      })
      .catch(function () {
        /* No answer: the page asks again when the form is sent. */
      });
  }

  form.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(look, 400);
  });
})();
