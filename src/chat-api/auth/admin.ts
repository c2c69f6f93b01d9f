/** The app administrator that every application has (page: App Admin). */
export const DEFAULT_ADMIN = "administrator";
