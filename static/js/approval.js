/* A frequent phrase that is chosen goes into the field, where it can be changed. Without scripts the choice itself is sent. */
document.addEventListener("DOMContentLoaded", function () {
  "use strict";
  var note = document.getElementById("id_note");
  document.querySelectorAll('input[name="phrase"]').forEach(function (choice) {
    choice.addEventListener("click", function () {
      note.value = choice.value;
    });
  });
});
