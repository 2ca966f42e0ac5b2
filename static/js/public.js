/* What scripts add to the public pages: items can be starred, pages printed. Nothing leaves the browser. */
(function () {
  "use strict";

  function read(key) {
    try {
      return localStorage.getItem(key);
    } catch (error) {
      return null; // storage is switched off
    }
  }

  function write(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch (error) {
      // storage is switched off: the choice lasts as long as the page
    }
  }

  function favourites() {
    try {
      var codes = JSON.parse(read("favourites"));
      return Array.isArray(codes) ? codes : [];
    } catch (error) {
      return [];
    }
  }

  function offerFavourites() {
    var starred = favourites();
    document.querySelectorAll("[data-favourite]").forEach(function (mark) {
      mark.hidden = !starred.includes(mark.dataset.favourite);
    });
    document.querySelectorAll("[data-favour]").forEach(function (button) {
      function show() {
        var on = favourites().includes(button.dataset.favour);
        button.setAttribute("aria-pressed", String(on));
        var use = button.querySelector("use");
        use.setAttribute("href", use.getAttribute("href").replace(/#.*/, on ? "#star-fill" : "#star"));
      }
      button.addEventListener("click", function () {
        var code = button.dataset.favour;
        var codes = favourites();
        write("favourites", JSON.stringify(codes.includes(code) ? codes.filter(function (other) { return other !== code; }) : codes.concat(code)));
        show();
      });
      show();
      button.hidden = false;
    });
  }

  function offerPrint() {
    document.querySelectorAll("[data-print]").forEach(function (button) {
      button.addEventListener("click", function () {
        window.print();
      });
      button.hidden = false;
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    offerFavourites();
    offerPrint();
  });
})();
