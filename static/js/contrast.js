/* Remembers the 高对比 switch. The switch itself works without a script. */
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  var contrast = document.getElementById("contrast");
  try {
    contrast.checked = localStorage.getItem("contrast") === "more";
  } catch (error) {
    return; // storage is switched off: the choice lasts as long as the page
  }
  contrast.addEventListener("change", function () {
    localStorage.setItem("contrast", contrast.checked ? "more" : "");
  });
});
