/* Ticking rows of a list: all of the page at once, and how many are ticked. */
(function () {
  "use strict";

  var all = document.querySelector("[data-all]");
  if (!all) {
    return;
  }
  var boxes = Array.from(document.querySelectorAll('input[type="checkbox"][name="' + all.dataset.all + '"]'));
  var bar = document.querySelector(".bulk");
  var status = bar.querySelector("[data-count]");
  var button = bar.querySelector('button[type="submit"]');

  function tell() {
    var ticked = boxes.filter(function (box) {
      return box.checked;
    }).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    status.textContent = ticked ? status.dataset.count.replace("0", ticked) : "";
    button.disabled = !ticked;
  }

  all.hidden = false;
  all.disabled = !boxes.length;
  all.addEventListener("change", function () {
    boxes.forEach(function (box) {
      box.checked = all.checked;
    });
    tell();
  });
  boxes.forEach(function (box) {
    box.addEventListener("change", tell);
  });
  window.addEventListener("pageshow", tell); // the browser keeps ticks on the way back
  tell();
})();
