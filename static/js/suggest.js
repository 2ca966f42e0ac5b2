/* Names of organisations offered while one is typed. Without scripts the name is typed, and the portal asks where it is not clear. */
(function () {
  "use strict";

  var list = document.createElement("datalist");
  var asked = 0;
  var timer = 0;

  list.id = "bodies";
  document.body.appendChild(list);

  function offer(field) {
    var mine = ++asked;
    fetch(field.dataset.suggest + "?q=" + encodeURIComponent(field.value), { credentials: "same-origin" })
      .then(function (answer) {
        return answer.ok ? answer.text() : "";
      })
      .then(function (options) {
        if (mine === asked) {
          list.innerHTML = options;
        }
      })
      .catch(function () {}); // what is typed is looked up when it is sent
  }

  document.addEventListener("input", function (event) {
    var field = event.target;
    if (!field.dataset.suggest || /#\d+$/.test(field.value)) {
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(function () {
      offer(field);
    }, 150);
  });
})();
