import { useSpeech } from "../../i18n";

/** A button that lets one choose a picture, for those who do not drag. */
export function ChoosePicture() {
  const { t } = useSpeech();
  return (
    <label className="button edged">
      {t("drop.choose")}
      <input
        type="file"
        accept="image/*"
        className="sr"
        onChange={(event) => {
          window.dispatchEvent(new CustomEvent("deepro:pictures", { detail: [...(event.target.files ?? [])] }));
          event.target.value = "";
        }}
      />
    </label>
  );
}
